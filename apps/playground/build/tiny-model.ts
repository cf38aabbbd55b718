import { createReadStream, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { modelUrl } from "@krait/tiny-model";
import type { Plugin } from "vite";

/** Where the embedded model lies, below the page. */
const place = "tiny-model";

/** Puts the files of the embedded model beside the page, where its loader fetches them. */
export function tinyModel(): Plugin {
  const folder = fileURLToPath(modelUrl);
  return {
    name: "tiny-model",
    configureServer(server) {
      server.middlewares.use(`/${place}/`, (request, response, next) => {
        const name = request.url?.slice(1).split("?")[0] ?? "";
        if (!readdirSync(folder).includes(name)) return next();
        const { size } = statSync(join(folder, name));
        const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? "") ?? [];
        const start = Number(from ?? 0);
        const end = to ? Math.min(Number(to), size - 1) : size - 1;
        response.statusCode = from === undefined ? 200 : 206;
        response.setHeader("Content-Length", end - start + 1);
        response.setHeader("Accept-Ranges", "bytes");
        if (from !== undefined) response.setHeader("Content-Range", `bytes ${start}-${end}/${size}`);
        createReadStream(join(folder, name), { start, end }).pipe(response);
      });
    },
    generateBundle() {
      for (const name of readdirSync(folder)) {
        this.emitFile({
          type: "asset",
          fileName: `${place}/${name}`,
          source: readFileSync(join(folder, name)),
        });
      }
    },
  };
}

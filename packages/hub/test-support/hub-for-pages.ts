import type { ServerResponse } from "node:http";
import type { Plugin } from "vitest/config";
import { type Answer, type HubServer, serveHub, type TestRepository } from "./hub-server.ts";
import { hugeModel, tinyFiles } from "./huge-model.ts";
import { large, quantized, sharded } from "./repositories.ts";

const SLOW_BYTES = 65_536;

let made: TestRepository | undefined;

/** Larger than a page may keep in memory by far; made when it is first wanted. */
function huge(): TestRepository {
  made ??= hugeModel();
  return made;
}

/** The embedded model, as if it were on the hub. */
const tiny = (): TestRepository => ({ id: "org/tiny", files: tinyFiles() });

/** Cuts one in four connections of a repository called huge somewhere, and lets those of one called slow trickle. */
const misbehave: Answer = ({ path, range: [start, end] = [0, 0] }, response, body) => {
  if (path.startsWith("/org/slow/")) {
    trickle(response, start, end, body);
    return true;
  }
  if (!path.startsWith("/org/huge/model.safetensors") || Math.random() > 0.25) return false;
  begin(response, start, end, body.byteLength, huge().files["model.safetensors"]!.byteLength);
  response.write(body.subarray(0, Math.random() * body.byteLength), () => response.destroy());
  return true;
};

function trickle(response: ServerResponse, start: number, end: number, body: Uint8Array): void {
  begin(response, start, end, body.byteLength, SLOW_BYTES);
  setTimeout(() => response.end(body), 50);
}

function begin(response: ServerResponse, start: number, end: number, length: number, total: number): void {
  response.writeHead(206, {
    "content-length": length,
    "content-range": `bytes ${start}-${end - 1}/${total}`,
  });
}

/** A hub for tests in pages, which `/test-hub` tells the address of. It starts when it is first asked for. */
export function hubForPages(): Plugin {
  let hub: Promise<HubServer> | undefined;
  return {
    name: "hub-for-pages",
    configureServer(server) {
      server.middlewares.use("/test-hub", async (_, response) => {
        const slow = { ...large(SLOW_BYTES), id: "org/slow" };
        hub ??= serveHub([sharded, quantized, large(50_000), slow, tiny(), huge()], misbehave);
        response.end((await hub).endpoint);
      });
      server.httpServer?.once("close", async () => (await hub)?.[Symbol.asyncDispose]());
    },
  };
}

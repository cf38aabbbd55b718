import type { ServerResponse } from "node:http";
import type { Plugin } from "vitest/config";
import { type Answer, type HubServer, serveHub, type TestRepository } from "./hub-server.ts";
import { hugeModel, tinyFiles } from "./huge-model.ts";
import { large, quantized, sharded } from "./repositories.ts";

const SLOW_BYTES = 65_536;

/** As large files are asked for. */
const PIECE_BYTES = 16 * 2 ** 20;

let made: TestRepository | undefined;

/** Larger than a page may keep in memory by far; made when it is first wanted. */
function huge(): TestRepository {
  made ??= hugeModel();
  return made;
}

/** The embedded model, as if it were on the hub. */
const tiny = (): TestRepository => ({ id: "org/tiny", files: tinyFiles() });

/** What a line brings of a piece's bytes before it is cut, the first time that they are asked for and then again. */
const CUTS = [0, 1 / 4, 2 / 3];

/** Lets the connections of a repository called slow trickle, and cuts those of one called huge again and again. */
function misbehaving(): Answer {
  const asked = new Map<number, number>();
  return ({ path, range: [start, end] = [0, 0] }, response, body) => {
    if (path.startsWith("/org/slow/")) {
      trickle(response, start, end, body);
      return true;
    }
    if (!path.startsWith("/org/huge/model.safetensors")) return false;
    // A piece that is taken up where it was cut begins elsewhere, but ends where it did. One in three is cut.
    const times = asked.get(end) ?? 0;
    asked.set(end, times + 1);
    const share = Math.ceil(end / PIECE_BYTES) % 3 === 0 ? CUTS[times] : undefined;
    if (share === undefined) return false;
    begin(response, start, end, body.byteLength, huge().files["model.safetensors"]!.byteLength);
    response.write(body.subarray(0, share * body.byteLength), () => response.destroy());
    return true;
  };
}

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
        hub ??= serveHub([sharded, quantized, large(50_000), slow, tiny(), huge()], misbehaving());
        response.end((await hub).endpoint);
      });
      server.httpServer?.once("close", async () => (await hub)?.[Symbol.asyncDispose]());
    },
  };
}

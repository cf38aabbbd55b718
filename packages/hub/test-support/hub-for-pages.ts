import { readdirSync, readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type { Plugin } from "vitest/config";
import { type Answer, type HubServer, serveHub, type TestRepository } from "./hub-server.ts";
import { bytesOf, large, quantized, sharded } from "./repositories.ts";

const MEBIBYTE = 2 ** 20;
const HUGE_BYTES = 208 * MEBIBYTE + 12_345;
const SLOW_BYTES = 65_536;

/** Larger than a page may keep in memory by far, and no two of its mebibytes are alike. */
function huge(): TestRepository {
  const bytes = new Uint8Array(HUGE_BYTES);
  const block = bytesOf(MEBIBYTE);
  for (let start = 0; start < bytes.byteLength; start += MEBIBYTE) {
    bytes.set(block.subarray(0, bytes.byteLength - start), start);
    new DataView(bytes.buffer).setUint32(start, start);
  }
  return { id: "org/huge", files: { "model.gguf": bytes } };
}

/** The embedded model, as if it were on the hub. */
function tiny(): TestRepository {
  const folder = new URL("../../tiny-model/model/", import.meta.url);
  const files = readdirSync(folder).map((name) => [name, readFileSync(new URL(name, folder))]);
  return { id: "org/tiny", files: Object.fromEntries(files) };
}

/** Cuts one in four connections of a repository called huge somewhere, and lets those of one called slow trickle. */
const misbehave: Answer = ({ path, range: [start, end] = [0, 0] }, response, body) => {
  if (path.startsWith("/org/slow/")) {
    trickle(response, start, end, body);
    return true;
  }
  if (!path.startsWith("/org/huge/") || Math.random() > 0.25) return false;
  begin(response, start, end, body.byteLength, HUGE_BYTES);
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

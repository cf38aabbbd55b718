import { parentPort } from "node:worker_threads";
import { serveModel } from "@krait/worker/serve";

// A worker that ends in the middle of an answer, as one does that runs out of memory.
parentPort!.on("message", (message) => {
  if (message === "die") process.exit(3);
});
serveModel(parentPort!);

import { parentPort, Worker } from "node:worker_threads";
import { connectModel } from "@krait/worker";
import { serveModel } from "@krait/worker/serve";

if (parentPort) {
  serveModel(parentPort); // the worker's side; in a page a script of its own, with serveModel(self)
} else {
  const worker = new Worker(new URL(import.meta.url));
  const model = await connectModel(worker);

  for await (const event of model.chat([{ role: "user", content: "What is 47 + 38?" }])) {
    if (event.type === "text-delta") process.stdout.write(event.text);
  }
  await model[Symbol.asyncDispose]();
  await worker.terminate();
}

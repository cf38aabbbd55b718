import { connectModel } from "@krait/worker";

// Stands for a tab: asks for an endless answer through the port that it is sent, and is ended in the middle.
self.addEventListener("message", async ({ data: port }) => {
  const model = await connectModel(port, undefined, { backend: "wasm" });
  const endless = { maxTokens: 100_000, ignoreEndTokens: true };
  for await (const event of model.chat([{ role: "user", content: "Hello!" }], endless)) {
    if (event.type === "token") self.postMessage("token");
  }
});

import { serveModel } from "@krait/worker/serve";
import { loadModel } from "krait";

// Serves the ports that it is sent, and tells the page of every model that it frees.
self.addEventListener("message", ({ data: port }) => {
  serveModel(port, {
    async loadModel(location, options) {
      const model = await loadModel(location, options);
      const dispose = async (): Promise<void> => {
        await model[Symbol.asyncDispose]();
        self.postMessage("freed");
      };
      return Object.create(model, { [Symbol.asyncDispose]: { value: dispose } });
    },
  });
});

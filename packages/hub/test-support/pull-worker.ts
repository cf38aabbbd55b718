import { opfsStorage, pullModel } from "@krait/hub";

// Pulls what it is told to, and says how far it is.
self.addEventListener("message", async ({ data: { name, folder, options } }) => {
  const storage = opfsStorage({ folder });
  const onProgress = ({ loadedBytes }: { loadedBytes: number }): void => self.postMessage({ loadedBytes });
  const { receivedBytes } = await pullModel(name, { ...options, storage, onProgress });
  self.postMessage({ receivedBytes });
});

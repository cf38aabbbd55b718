import { logitsWith } from "./tied-logits.ts";

// A worker of a page: computes the logits with as many threads as it is told.
self.onmessage = async ({ data: { threads, format, table } }) => {
  await logitsWith(threads, format, table).then(
    (logits) => self.postMessage({ logits }),
    (error: Error) => self.postMessage({ error: error.message }),
  );
};

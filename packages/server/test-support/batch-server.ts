// A server with batches, as a program of its own that a test can kill:
//   node batch-server.ts '{"folder": …}' | '{"redisUrl": …, "lockSeconds": …}' [ANSWERS]
// It prints its URL, and answers so many lines, or all; those after them it holds.
import { openBatches, serve } from "../src/node/index.ts";
import { echoModel } from "./echo-model.ts";

const batches = await openBatches({ ...JSON.parse(process.argv[2]!), concurrency: 2 });
const server = await serve([echoModel(40, process.argv[3] ? Number(process.argv[3]) : undefined)], {
  port: 0,
  batches,
});
console.log(server.url);

// A server with batches, as a program of its own that a test can kill:
//   node batch-server.ts '{"folder": …}' | '{"redisUrl": …, "lockSeconds": …}'
// It prints its URL.
import { openBatches, serve } from "../src/node/index.ts";
import { echoModel } from "./echo-model.ts";

const batches = await openBatches({ ...JSON.parse(process.argv[2]!), concurrency: 2 });
const server = await serve([echoModel(40)], { port: 0, batches });
console.log(server.url);

import { parentPort } from "node:worker_threads";
import { serveModel } from "@krait/worker/serve";

serveModel(parentPort!);

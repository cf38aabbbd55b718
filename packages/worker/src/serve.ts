export { type ServeOptions, serveModel, type WorkerScope } from "./serve-model.ts";

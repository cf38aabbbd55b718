import { serveModel } from "@krait/worker/serve";

serveModel(self);

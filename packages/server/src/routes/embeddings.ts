import { ApiError } from "../http/api-error.ts";
import type { App } from "../server-context.ts";

/** `POST /v1/embeddings`, which no model here can answer. */
export function embeddingsRoute(app: App): void {
  app.post("/v1/embeddings", () => {
    throw new ApiError("invalid", "The models here generate text and have no embeddings to give.", {
      code: "unsupported",
    });
  });
}

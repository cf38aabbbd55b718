import type { ServedModel } from "../model/served-model.ts";
import { type App, findModel, type ServerContext } from "../server-context.ts";

/** `GET /v1/models` and `GET /v1/models/{id}` */
export function modelsRoute(app: App, context: ServerContext): void {
  app.get("/v1/models", () => Response.json({ object: "list", data: context.models.map(modelBody) }));
  // An id may hold slashes, written out or escaped.
  app.get("/v1/models/:id{.+}", (c) => Response.json(modelBody(findModel(context, c.req.param("id")))));
}

function modelBody({ id, created, contextLength }: ServedModel): object {
  return {
    id,
    object: "model",
    created,
    owned_by: "krait",
    ...(contextLength !== undefined && { context_length: contextLength, max_model_len: contextLength }),
  };
}

import type { ServedModel } from "../model/served-model.ts";
import { type App, findModel, type ServerContext } from "../server-context.ts";

/** `GET /v1/models` and `GET /v1/models/{id}`, with the fields of both APIs. */
export function modelsRoute(app: App, context: ServerContext): void {
  const { models } = context;
  app.get("/v1/models", () =>
    Response.json({
      ...{ object: "list", data: models.map(modelBody) },
      ...{ has_more: false, first_id: models[0]!.id, last_id: models.at(-1)!.id },
    }),
  );
  // An id may hold slashes, written out or escaped.
  app.get("/v1/models/:id{.+}", (c) => Response.json(modelBody(findModel(context, c.req.param("id")))));
}

function modelBody({ id, created, contextLength }: ServedModel): object {
  return {
    id,
    object: "model",
    created,
    owned_by: "krait",
    ...{ type: "model", display_name: id, created_at: new Date(1000 * created).toISOString() },
    ...(contextLength !== undefined && { context_length: contextLength, max_model_len: contextLength }),
  };
}

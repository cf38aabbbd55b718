import { batchesRoute } from "../batches/batches-route.ts";
import { filesRoute } from "../batches/files-route.ts";
import type { RouteModule } from "../server-context.ts";
import { chatCompletionsRoute } from "./chat-completions/route.ts";
import { completionsRoute } from "./completions/route.ts";
import { embeddingsRoute } from "./embeddings.ts";
import { healthRoute } from "./health.ts";
import { messagesRoute } from "./messages/route.ts";
import { modelsRoute } from "./models.ts";
import { openApiRoute } from "./openapi.ts";
import { responsesRoute } from "./responses/route.ts";
import { tokensRoute } from "./tokens.ts";

/** Every route of the server; another is a module and a line here. */
export const routes: readonly RouteModule[] = [
  chatCompletionsRoute,
  completionsRoute,
  responsesRoute,
  messagesRoute,
  modelsRoute,
  embeddingsRoute,
  tokensRoute,
  filesRoute,
  batchesRoute,
  healthRoute,
  openApiRoute,
];

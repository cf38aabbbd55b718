import { checkSupport } from "../../generation/check-support.ts";
import { samplingOfChoice } from "../../generation/sampling-options.ts";
import { startGeneration } from "../../generation/start-generation.ts";
import { unsupported } from "../../http/api-error.ts";
import { readJson } from "../../http/read-json.ts";
import { sendEvents } from "../../http/send-events.ts";
import { type App, findModel, type ServerContext } from "../../server-context.ts";
import { requireChoices } from "../require-choices.ts";
import { readChatCompletions } from "./request.ts";
import { chatCompletion } from "./response.ts";
import type { ResponseHead } from "./response-head.ts";
import { chatCompletionChunks } from "./stream.ts";

/** `POST /v1/chat/completions` */
export function chatCompletionsRoute(app: App, context: ServerContext): void {
  const { options } = context;
  app.post("/v1/chat/completions", async (c) => {
    const exchange = c.get("exchange");
    const request = readChatCompletions(await readJson(c.req.raw, options));
    if (!request.addGenerationPrompt) {
      unsupported(
        request.generationPromptField,
        "an answer begins where the template has it begin; leave this out.",
      );
    }
    const model = findModel(context, request.model);
    requireChoices(request.choices, options);
    checkSupport(model, request.chat, {
      responseFormat: "response_format",
      toolChoice: "tool_choice",
      parallelToolCalls: "parallel_tool_calls",
      logprobs: "logprobs",
    });
    const { chat, choices } = request;
    const maxTokens = chat.maxTokens ?? options.defaultMaxTokens;
    const counts = { choicesPerPrompt: choices };
    const events = startGeneration(context, exchange, model, counts, ({ firstChoice, n, signal }) => {
      const sampling = samplingOfChoice(chat.sampling, firstChoice);
      return model.chat({ ...chat, maxTokens, sampling, n, signal });
    });
    const head: ResponseHead = {
      id: `chatcmpl-${exchange.id}`,
      created: Math.floor(Date.now() / 1000),
      model: model.id,
      choices,
      logprobs: request.logprobs,
      showsReasoning: request.reasoning.isShown,
      includeUsage: request.includeUsage,
    };
    if (request.stream) return sendEvents(context, exchange, chatCompletionChunks(head, events));
    return Response.json(await chatCompletion(head, events));
  });
}

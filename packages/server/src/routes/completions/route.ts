import { checkSupport } from "../../generation/check-support.ts";
import { promptOnly } from "../../generation/prompt-only.ts";
import { samplingOfChoice } from "../../generation/sampling-options.ts";
import { startGeneration } from "../../generation/start-generation.ts";
import { readJson } from "../../http/read-json.ts";
import { sendEvents } from "../../http/send-events.ts";
import { type App, findModel, type ServerContext } from "../../server-context.ts";
import { requireChoices } from "../require-choices.ts";
import { Completion } from "./completion.ts";
import { readCompletions } from "./request.ts";

/** `POST /v1/completions` */
export function completionsRoute(app: App, context: ServerContext): void {
  const { options } = context;
  app.post("/v1/completions", async (c) => {
    const exchange = c.get("exchange");
    const request = readCompletions(await readJson(c.req.raw, options));
    const model = findModel(context, request.model);
    const { prompts, text, choicesPerPrompt } = request;
    const { responseFormat, sampling } = text;
    checkSupport(
      model,
      { tools: [], toolChoice: "auto", parallelToolCalls: true, responseFormat, sampling },
      { responseFormat: "response_format", toolChoice: "", parallelToolCalls: "", logprobs: "logprobs" },
    );
    requireChoices(prompts.length * choicesPerPrompt, options);
    const counts = { prompts: prompts.length, choicesPerPrompt };
    const events = startGeneration(context, exchange, model, counts, ({ prompt, firstChoice, n, signal }) => {
      const sampling = samplingOfChoice(text.sampling, firstChoice);
      const request = { ...text, prompt: prompts[prompt]!, sampling, n, signal };
      if (text.maxTokens !== 0) return model.complete(request);
      return promptOnly(model.complete({ ...request, maxTokens: 1 }));
    });
    const head = {
      id: `cmpl-${exchange.id}`,
      object: "text_completion",
      created: Math.floor(Date.now() / 1000),
      model: model.id,
    };
    const completion = new Completion(request, model);
    if (request.stream) return sendEvents(context, exchange, completion.chunks(head, events));
    return Response.json(await completion.whole(head, events));
  });
}

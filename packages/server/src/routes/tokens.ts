import { z } from "zod";
import { ApiError } from "../http/api-error.ts";
import { readJson } from "../http/read-json.ts";
import { validate } from "../http/validation.ts";
import type { ServedText } from "../model/served-model.ts";
import { type App, findModel, type ServerContext } from "../server-context.ts";
import { readChatCompletions } from "./chat-completions/request.ts";

const ofModel = z.object({ model: z.string().nullish() });
const ofText = ofModel.extend({
  prompt: z.string().nullish(),
  content: z.string().nullish(),
  with_pieces: z.boolean().nullish(),
  return_token_strs: z.boolean().nullish(),
});
const ofTokens = ofModel.extend({ tokens: z.array(z.int().min(0)) });
const ofConversation = ofModel.extend({
  add_generation_prompt: z.boolean().nullish(),
  continue_final_message: z.boolean().nullish(),
});

export const tokenizeSchema: z.ZodType = ofText.extend({
  ...ofConversation.shape,
  messages: z.array(z.unknown()).nullish(),
  tools: z.array(z.unknown()).nullish(),
});
export const detokenizeSchema: z.ZodType = ofTokens;
export const applyTemplateSchema: z.ZodType = ofConversation;

/**
 * `POST /tokenize`, `/detokenize` and `/apply-template`, in the words of vLLM (`prompt`, `messages`) and of
 * llama.cpp (`content`).
 */
export function tokensRoute(app: App, context: ServerContext): void {
  const read = (request: Request) => readJson(request, context.options);
  const textOf = (model: string | null | undefined): ServedText => {
    const { id, text } = findModel(context, model);
    if (text !== undefined) return text;
    throw new ApiError("invalid", `The tokens of "${id}" are not known here.`, { code: "unsupported" });
  };
  const render = (value: unknown, signal: AbortSignal) => {
    const { model, chat, addGenerationPrompt } = readChatCompletions(value);
    const { messages, tools, reasoning } = chat;
    return textOf(model).renderAsync({ messages, tools, reasoning, addGenerationPrompt }, signal);
  };

  app.post("/tokenize", async (c) => {
    const value = await read(c.req.raw);
    const body = validate(ofText, value);
    const text = textOf(body.model);
    const given = body.prompt ?? body.content;
    const { signal } = c.get("exchange");
    const tokens =
      given == null ? (await render(value, signal)).tokens : await text.encodeAsync(given, signal);
    return Response.json({
      tokens: body.with_pieces ? tokens.map((id) => ({ id, piece: text.tokenText(id) })) : tokens,
      count: tokens.length,
      max_model_len: findModel(context, body.model).contextLength ?? null,
      ...(body.return_token_strs && { token_strs: tokens.map((token) => text.tokenText(token)) }),
    });
  });

  app.post("/detokenize", async (c) => {
    const { model, tokens } = validate(ofTokens, await read(c.req.raw));
    const text = textOf(model).decode(tokens);
    return Response.json({ prompt: text, content: text });
  });

  app.post("/apply-template", async (c) => {
    const { text, tokens } = await render(await read(c.req.raw), c.get("exchange").signal);
    return Response.json({ prompt: text, tokens });
  });
}

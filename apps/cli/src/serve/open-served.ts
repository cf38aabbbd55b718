import type { ServedModel } from "@krait/server";
import { openTextFiles } from "krait";
import { UsageError } from "../errors.ts";
import { openFolder } from "../open-folder.ts";
import { openModel } from "../open-model.ts";
import type { QuantizeFlag } from "../quantization.ts";
import type { SharedFlags } from "../shared-flags.ts";

export interface ServedFlags extends SharedFlags, QuantizeFlag {
  readonly id?: string;
  readonly context?: number;
  readonly parallel: number;
  readonly upstream?: readonly string[];
  readonly upstreamModel?: string;
  readonly upstreamSilence: number;
}

/** A model to serve, and how to let go of it. */
export interface OpenServed extends AsyncDisposable {
  readonly model: ServedModel;
}

/** The model that the flags name, computed here or, with `--upstream`, elsewhere. */
export async function openServed(
  flags: ServedFlags,
  signal: AbortSignal,
  say: (line: string) => void,
): Promise<OpenServed> {
  // Nothing else in this program needs it.
  const { createUpstreamModel, serveModel } = await import("@krait/server");
  const id = flags.id ?? (flags.model === undefined ? "krait-tiny" : undefined);
  const { upstream: urls, context } = flags;
  if (urls === undefined) {
    const loaded = await openModel(flags, signal);
    return {
      model: serveModel(loaded, { id, contextLength: context }),
      [Symbol.asyncDispose]: () => loaded[Symbol.asyncDispose](),
    };
  }
  if (!urls.every((url) => /^https?:\/\//.test(url))) {
    throw new UsageError("--upstream should be the URL of a server, such as http://127.0.0.1:8000.");
  }
  const { tokenizer, template } = await openTextFiles(await openFolder(flags.model, flags), signal);
  if (tokenizer === undefined || template === undefined) {
    throw new UsageError(
      "--upstream needs the tokenizer and the chat template of the model: name it by --model.",
    );
  }
  const model = createUpstreamModel({
    ...{ urls, tokenizer, template, contextLength: context },
    id: id ?? flags.model!.split("/").filter(Boolean).at(-1)!,
    model: flags.upstreamModel,
    silenceSeconds: flags.upstreamSilence,
    apiKey: process.env.KRAIT_UPSTREAM_KEY,
    onTrouble: (url, error) => say(error?.message ?? `The upstream ${url} is back.`),
  });
  await model.pool.checkHealth();
  return { model, [Symbol.asyncDispose]: async () => model[Symbol.dispose]() };
}

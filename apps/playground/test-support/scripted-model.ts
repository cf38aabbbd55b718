import type { ToolRun, ToolRunEvent } from "krait";
import type { HostedModel, HostLoadOptions, ModelHost } from "../src/model/model-host.ts";
import type { ModelSource } from "../src/model/model-source.ts";

/** What a scripted answer does next: an event, something to wait for, or an error to throw. */
export type Act = ToolRunEvent | Promise<unknown> | Error;

export interface ScriptedModel extends HostedModel {
  /** The messages of every request. */
  readonly requests: Parameters<HostedModel["runTools"]>[];
  readonly endThinkingCalls: number;
  disposed: boolean;
  lose(error: Error): void;
}

/** A model that gives its answers one after the other, and the last one again and again. */
export function scriptedModel(name: string, answers: readonly (readonly Act[])[]): ScriptedModel {
  let lose: (error: Error) => void = () => {};
  const lost = new Promise<Error>((resolve) => {
    lose = resolve;
  });
  const requests: ScriptedModel["requests"] = [];
  let endThinkingCalls = 0;
  return {
    name,
    architecture: { summary: "scripted" },
    memory: {
      parameters: 1,
      weightBytes: 2,
      stateBytes: 3,
      kvBytes: 4,
      cacheBytes: 6,
      scratchBytes: 5,
      totalBytes: 20,
    },
    backend: { name: "scripted", software: false, kvDtype: "f16" },
    maxContext: 100,
    requests,
    disposed: false,
    lost,
    lose: (error) => lose(error),
    get endThinkingCalls() {
      return endThinkingCalls;
    },
    stepTimes: async () => undefined,
    tokenTexts: async (ids) => ids.map((id) => `<${id}>`),
    runTools(messages, options) {
      const acts = answers[Math.min(requests.length, answers.length - 1)]!;
      requests.push([messages, options]);
      async function* events() {
        for (const act of acts) {
          options.signal?.throwIfAborted();
          if (act instanceof Error) throw act;
          if (act instanceof Promise) await Promise.race([act, aborted(options.signal)]);
          else yield act;
        }
      }
      return { [Symbol.asyncIterator]: events, endThinking: () => endThinkingCalls++ } as unknown as ToolRun;
    },
    async [Symbol.asyncDispose]() {
      this.disposed = true;
    },
  };
}

function aborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
}

export interface Load {
  readonly source: ModelSource;
  readonly options: HostLoadOptions;
}

/** A host that does for the nth load what the nth function says, and the last one's again. */
export function scriptedHost(
  ...loads: ((load: Load) => Promise<HostedModel>)[]
): ModelHost & { readonly loads: readonly Load[] } {
  const seen: Load[] = [];
  return {
    loads: seen,
    load(source, options) {
      seen.push({ source, options });
      return loads[Math.min(seen.length, loads.length) - 1]!({ source, options });
    },
  };
}

/** An answer of a few words. */
export function answerOf(text: string): readonly Act[] {
  return [
    { type: "step", step: 1 },
    { type: "token", token: 1, position: 1, reasoning: false, forced: false },
    { type: "text-delta", text },
    {
      type: "finish",
      finishReason: "stop",
      reasoningEnd: undefined,
      stop: undefined,
      usage: { promptTokens: 1, cachedTokens: 0, completionTokens: 1, reasoningTokens: 0 },
      timing: { prefillSeconds: 0, decodeSeconds: 0.5 },
    } as ToolRunEvent,
  ];
}

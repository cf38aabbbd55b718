import { createCpuBackend } from "@krait/backend-cpu";
import type { Tokenizer } from "@krait/tokenizer";
import type { GenerateEvent } from "../src/events.ts";
import { LAST_TOKEN, type Rows } from "../src/executor.ts";
import type { Generation, GenerationContext } from "../src/generation.ts";
import { PrefixKeeper } from "../src/prefix-keeper.ts";
import { StatePool } from "../src/state-pool.ts";

/** What the scripted model samples next, given the tokens of the sequence so far. */
export type Script = (tokens: readonly number[]) => number;

/** A generation's surroundings in which a script stands for the model; its states are real. */
export async function scriptedContext(
  script: Script,
  options: Partial<GenerationContext> & { readonly tokenizer: Tokenizer },
): Promise<GenerationContext & { readonly read: readonly number[] }> {
  const backend = await createCpuBackend();
  const pool = new StatePool(backend, {
    pageTable: { per: "slot", count: 4, shape: [64], dtype: "i32" },
    keys: { per: "page", count: 80, shape: [1, 1], dtype: "f32" },
    recurrent: { per: "slot", count: 4, shape: [1], dtype: "f32" },
  });
  const read: number[] = [];
  let last = LAST_TOKEN;
  return {
    read,
    executor: {
      pool,
      forward({ sequence, tokens }: Rows) {
        pool.extend(sequence, sequence.length + tokens.length);
        for (const token of tokens) read.push(token === LAST_TOKEN ? last : token);
      },
      sample() {
        last = script(read);
        return Promise.resolve({ token: last, logprob: 0, top: [] });
      },
      settled: () => Promise.resolve(),
      logits: () => Promise.resolve(new Float32Array(0)),
    },
    prefixes: new PrefixKeeper(pool),
    endTokens: new Set<number>(),
    maxContext: 2048,
    chunkRows: 64,
    maxBiases: 4,
    lookahead: false,
    ...options,
  };
}

/** Samples a text token by token, then the end token for ever. */
export function scriptOf(tokenizer: Tokenizer, text: string, promptLength: number, endToken: number): Script {
  const ids = tokenizer.encode(text);
  return (tokens) => ids[tokens.length - promptLength] ?? endToken;
}

export async function collect(generation: Generation): Promise<GenerateEvent[]> {
  const events: GenerateEvent[] = [];
  for await (const event of generation.run()) events.push(event);
  return events;
}

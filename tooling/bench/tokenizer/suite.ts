import { Tokenizer as Library } from "@huggingface/tokenizers";
import { createTokenizer } from "@krait/tokenizer";
import { readFixture } from "../../../packages/tokenizer/fixtures/nemotron.ts";
import { type Figure, figure } from "../figure.ts";
import { inTurn, type Measurement, median, medianRatio } from "../paired.ts";
import type { SuiteOptions } from "../suite.ts";
import { benchTexts } from "./texts.ts";

const ROUNDS = 5;
/** Of a part, which is new to both, so that neither lives on words that it has seen in the same part. */
const PART_CHARACTERS = 200_000;

/** How fast texts become tokens with the published tokenizer, against the library that this one rests on. */
export async function* tokenizerSuite({ note }: SuiteOptions): AsyncGenerator<Figure> {
  const file = JSON.parse(readFixture("tokenizer.json"));
  const krait = createTokenizer({ tokenizer: file });
  // Without special tokens, which it would look for in any text.
  const library = new Library({ ...file, added_tokens: [] }, {});
  const texts = await benchTexts();
  // What is measured is not how soon the engine compiles what it runs.
  const warmUp = texts.code!.slice(-PART_CHARACTERS);
  krait.encode(warmUp);
  library.encode(warmUp);
  for (const [name, text] of Object.entries(texts)) {
    const part = Math.min(PART_CHARACTERS, Math.ceil(text.length / ROUNDS));
    const rates = { krait: 0, library: 0 };
    const timed = async (who: keyof typeof rates, encode: (text: string) => readonly number[]) => {
      const at = (rates[who]++ * part) % text.length;
      return rate(text.slice(at, at + part), encode);
    };
    const { values, busy } = await inTurn(
      {
        krait: () => timed("krait", (text) => krait.encode(text)),
        library: () => timed("library", (text) => library.encode(text, { add_special_tokens: false }).ids),
      },
      ROUNDS,
    );
    yield figure({
      ...{ name: `tokenizer.${name.replace(" ", "-")}`, value: median(values.krait), unit: "MB/s", busy },
      peer: {
        name: "@huggingface/tokenizers",
        value: median(values.library),
        ratio: medianRatio(values.krait, values.library),
        goal: 1,
      },
    });
  }
  note("Parts of texts that neither has seen before, in UTF-8.");
}

/** Megabytes a second. */
function rate(text: string, encode: (text: string) => readonly number[]): Measurement {
  const before = process.cpuUsage();
  const start = performance.now();
  encode(text);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { value: Buffer.byteLength(text) / 1e6 / seconds, cpuSeconds: (user + system) / 1e6 };
}

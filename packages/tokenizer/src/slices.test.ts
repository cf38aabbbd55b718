import { Tokenizer as Library } from "@huggingface/tokenizers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { readFixture } from "../fixtures/nemotron.ts";
import { toyTokenizer } from "../fixtures/toy.ts";
import { createTokenizer } from "./tokenizer.ts";

// The library with the same files is what ids are compared with: none of the text here holds special tokens.

const nemotronFile = JSON.parse(readFixture("tokenizer.json"));
const nemotron = createTokenizer({ tokenizer: nemotronFile });
const library = new Library({ ...nemotronFile, added_tokens: [] }, {});
const libraryIds = (text: string) =>
  text === "" ? [] : library.encode(text, { add_special_tokens: false }).ids;

/** Words that are short and long, that come again and that do not, and what lies between them. */
const anyText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        " the",
        " of",
        "\n",
        "\r\n  ",
        "    ",
        " 12",
        "ß",
        " Straße",
        "中文",
        "😀",
        "…",
        "\ud800",
        "=",
        "-",
      ),
      fc.string({ unit: "binary", maxLength: 40 }),
      fc
        .tuple(fc.constantFrom("a", "A", "ab", " ", "!", "é", "中", "\n", "😀"), fc.nat(90))
        .map(([unit, times]) => unit.repeat(times)),
      fc.string({ unit: fc.constantFrom(..."etaoinshrdlu"), minLength: 10, maxLength: 60 }),
    ),
    { maxLength: 30 },
  )
  .map((parts) => parts.join(""));

test("ids are those of the library, whatever the words are and however often they came before", () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(nemotron.encode(text)).toEqual(libraryIds(text));
    }),
  );
});

test("in slices, a text has the same ids as at once, with other texts encoded in every pause", async () => {
  const text = fc.sample(anyText, { seed: 1, numRuns: 400 }).join(" ");
  const other = fc.sample(anyText, { seed: 2, numRuns: 1 }).join(" ");
  const otherIds = nemotron.encode(other);
  let pauses = 0;
  const ids = await nemotron.encodeAsync(text, {
    async pause() {
      pauses++;
      expect(nemotron.encode(other)).toEqual(otherIds);
    },
  });
  expect(ids).toEqual(nemotron.encode(text));
  expect(ids).toEqual(libraryIds(text));
  expect(pauses).toBeGreaterThan(10);
});

test.each([
  ["one letter", "a".repeat(100_000)],
  ["capitals", "AB".repeat(50_000)],
  ["spaces", " ".repeat(100_000)],
  ["marks", "!?".repeat(50_000)],
  ["Chinese characters without an end", "中文".repeat(20_000)],
])("a word of %s only is encoded with pauses too, and has the library's ids", async (_, text) => {
  let pauses = 0;
  const pause = async () => {
    pauses++;
  };
  expect(await nemotron.encodeAsync(text, { pause })).toEqual(libraryIds(text));
  // Of a slice there are at most 2¹⁵ known characters, or fewer that are new.
  expect(pauses).toBeGreaterThan(text.length / 2 ** 15);
});

test("pieces have pauses between them, however short each is", async () => {
  const pieces = Array.from({ length: 20_000 }, () => [{ special: "<SPECIAL_12>" }, { text: "Hi" }]).flat();
  let pauses = 0;
  const pause = async () => {
    pauses++;
  };
  expect(await nemotron.encodeAsync(pieces, { pause })).toEqual(nemotron.encode(pieces));
  expect(pauses).toBeGreaterThan(5);
});

test("other tasks get their turn between the slices", async () => {
  const turns: number[] = [];
  let isDone = false;
  const encoding = nemotron.encodeAsync("word ".repeat(100_000)).finally(() => {
    isDone = true;
  });
  while (!isDone) {
    turns.push(turns.length);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(await encoding).toHaveLength(nemotron.encode("word ".repeat(100_000)).length);
  expect(turns.length).toBeGreaterThan(10);
});

test("encoding ends at the next pause once it is aborted, with the reason", async () => {
  const controller = new AbortController();
  const reason = new Error("enough");
  let pauses = 0;
  const pause = async () => {
    if (++pauses === 3) controller.abort(reason);
  };
  const options = { signal: controller.signal, pause };
  await expect(nemotron.encodeAsync("word ".repeat(100_000), options)).rejects.toBe(reason);
  expect(pauses).toBe(3);
  await expect(nemotron.encodeAsync("", options)).rejects.toBe(reason);
});

test("what encode throws, encodeAsync rejects with", async () => {
  await expect(nemotron.encodeAsync([{ special: "<none>" }])).rejects.toMatchObject({
    code: "TOKENIZER_SPECIAL",
  });
});

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
const split = (pattern: object, behavior: string, invert = false) => ({
  ...{ type: "Split", pattern, behavior, invert },
});
const sequence = (...pretokenizers: object[]) => ({ type: "Sequence", pretokenizers });
const flags = { lstrip: false, rstrip: false, single_word: false, normalized: false, special: false };

test.each<[string, object]>([
  ["that does not split", {}],
  ["that splits by GPT-2's pattern", { pre_tokenizer: { ...byteLevel, use_regex: true } }],
  ["that puts a space in front", { pre_tokenizer: { ...byteLevel, add_prefix_space: true } }],
  [
    "that puts a space in front of each part",
    { pre_tokenizer: sequence(split({ Regex: "l+" }, "Isolated"), { ...byteLevel, add_prefix_space: true }) },
  ],
  ["whose pattern leaves gaps", { pre_tokenizer: sequence(split({ Regex: "l+" }, "Isolated"), byteLevel) }],
  [
    "whose pattern matches nothing too",
    { pre_tokenizer: sequence(split({ Regex: "l*" }, "Isolated"), byteLevel) },
  ],
  [
    "that looks behind and ahead",
    { pre_tokenizer: sequence(split({ Regex: "(?<=h)e|l(?=o)" }, "Isolated"), byteLevel) },
  ],
  [
    "that removes what it splits at",
    { pre_tokenizer: sequence(split({ String: "l" }, "Removed"), byteLevel) },
  ],
  [
    "that keeps the matches alone",
    { pre_tokenizer: sequence(split({ Regex: "[hel]+" }, "Removed", true), byteLevel) },
  ],
  [
    "that splits twice",
    {
      pre_tokenizer: sequence(
        split({ Regex: "\\s+" }, "Isolated"),
        { type: "Digits", individual_digits: true },
        byteLevel,
      ),
    },
  ],
  [
    "that normalizes",
    {
      normalizer: { type: "NFC" },
      pre_tokenizer: sequence(split({ Regex: " ?\\w+" }, "Isolated"), byteLevel),
    },
  ],
  ["with an added token", { added_tokens: [{ ...flags, id: 261, content: "lo" }] }],
  [
    "with added tokens of which one begins another",
    {
      added_tokens: [
        { ...flags, id: 261, content: "lo" },
        { ...flags, id: 262, content: "loh" },
      ],
    },
  ],
  [
    "with an added token that takes in spaces",
    { added_tokens: [{ ...flags, lstrip: true, id: 261, content: "lo" }] },
  ],
  [
    "with an added token in normalized text",
    {
      normalizer: { type: "Lowercase" },
      added_tokens: [{ ...flags, normalized: true, id: 261, content: "LO" }],
    },
  ],
  ["that does not look for whole words", { ignore: true }],
])("a tokenizer %s has the library's ids", async (_, changes) => {
  const file = { ...toyTokenizer(), added_tokens: [] as object[], ...changes };
  if ("ignore" in changes) file.model.ignore_merges = false;
  const tokenizer = createTokenizer({ tokenizer: structuredClone(file) });
  const library = new Library(file, {});
  const text = fc
    .array(fc.constantFrom(..."hello LOlo  e\u0301é1 2中😀\n", "hello", "loh", "llll"), { maxLength: 60 })
    .map((parts) => parts.join(""));
  await fc.assert(
    fc.asyncProperty(text, async (text) => {
      const ids = text === "" ? [] : library.encode(text, { add_special_tokens: false }).ids;
      expect(tokenizer.encode(text)).toEqual(ids);
      expect(await tokenizer.encodeAsync(text)).toEqual(ids);
    }),
  );
});

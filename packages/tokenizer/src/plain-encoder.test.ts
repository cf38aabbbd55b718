import { Tokenizer as Library } from "@huggingface/tokenizers";
import { expect, test } from "vitest";
import { toyTokenizer } from "../fixtures/toy.ts";
import { createTokenizer } from "./tokenizer.ts";

// Each test shows what the library does and what comes of it here, so that a workaround which is no longer
// needed is noticed.

test("the library parses special tokens in any text; here it is not told of them", () => {
  const library = new Library(toyTokenizer(), {});
  expect(library.encode("he<end>", { add_special_tokens: false }).ids).toEqual([256, 260]);
  expect(createTokenizer({ tokenizer: toyTokenizer() }).encode("he<end>")).not.toContain(260);
});

test("a pre-token that equals a special token of the vocabulary stays plain text", () => {
  const file = toyTokenizer();
  Object.assign(file.model.vocab, { "<s>": 259 });
  const library = new Library({ ...file, added_tokens: [] }, {});
  expect(library.encode("<s>", { add_special_tokens: false }).ids).toEqual([259]);

  const tokenizer = createTokenizer({ tokenizer: file });
  expect(tokenizer.encode("<s>")).toEqual([..."<s>"].map((character) => tokenizer.tokenId(character)));
});

test("a merge into a special token is refused: text could become one", () => {
  const file = toyTokenizer();
  Object.assign(file.model.vocab, { "<s": 261, "<s>": 259 });
  file.model.merges.push(["<", "s"], ["<s", ">"]);
  expect(() => createTokenizer({ tokenizer: file })).toThrow(
    expect.objectContaining({ code: "TOKENIZER_FIELD", field: "model.merges[4]" }),
  );
});

test("a byte without a token makes the library drop text; such a file is refused", () => {
  const file = toyTokenizer();
  Reflect.deleteProperty(file.model.vocab, "z");
  const library = new Library(file, {});
  expect(library.encode("hezhe", { add_special_tokens: false }).ids).toEqual([256, 256]);
  expect(() => createTokenizer({ tokenizer: file })).toThrow(
    expect.objectContaining({ code: "TOKENIZER_FIELD" }),
  );
});

test("the library throws on decoding nothing and cleans up spaces; here neither happens", () => {
  const library = new Library(toyTokenizer(), {});
  expect(() => library.decode([])).toThrow();
  const ids = library.encode("he .").ids;
  expect(library.decode(ids)).toBe("he.");

  const tokenizer = createTokenizer({ tokenizer: toyTokenizer() });
  expect(tokenizer.decode([])).toBe("");
  expect(tokenizer.decode(ids)).toBe("he .");
});

test("what the library cannot split text by it says late and in its own words; here the file is refused", () => {
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false };
  const splitting = (first: object) => ({
    ...toyTokenizer(),
    pre_tokenizer: { type: "Sequence", pretokenizers: [first, byteLevel] },
  });
  const oddBehavior = splitting({ type: "Split", pattern: { Regex: "a" }, behavior: 1.5, invert: false });
  const library = new Library(oddBehavior, {});
  expect(() => library.encode("he he")).toThrow(TypeError);

  const brokenPattern = splitting({ type: "Split", pattern: { Regex: "(" }, behavior: "Isolated" });
  for (const file of [oddBehavior, brokenPattern, splitting({ type: "Unheard" })]) {
    expect(() => createTokenizer({ tokenizer: file })).toThrow(
      expect.objectContaining({ code: "TOKENIZER_UNSUPPORTED", field: "pre_tokenizer" }),
    );
  }
});

import { byteLevelAlphabet, createTokenizer } from "@krait/tokenizer";

// A toy tokenizer.json: the 256 bytes, two merges and one special token. Real ones are read from a file.
const tokens = [...byteLevelAlphabet(), "he", "ll"];
const tokenizer = createTokenizer({
  tokenizer: {
    model: {
      type: "BPE",
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: [
        ["h", "e"],
        ["l", "l"],
      ],
    },
    added_tokens: [{ id: 258, content: "<end>", special: true }],
    pre_tokenizer: { type: "ByteLevel", use_regex: false },
    decoder: { type: "ByteLevel" },
    normalizer: null,
  },
});

// Only a special piece becomes a special token; the same characters in a text stay text.
console.log(tokenizer.encode([{ text: "hello" }, { special: "<end>" }])); // [ 256, 257, 111, 258 ]
console.log(tokenizer.encode("<end>")); // [ 60, 101, 110, 100, 62 ]

// Tokens may end inside a character; the stream waits for the rest.
const stream = tokenizer.stream();
for (const id of tokenizer.encode("he€")) console.log(JSON.stringify(stream.push(id))); // "he" "" "" "€"
console.log(JSON.stringify(stream.flush())); // ""

import { createConstraint, createVocabulary, jsonSchemaGrammar, TokenMasks } from "@krait/grammar";

// A vocabulary of seven tokens; a model's comes from its tokenizer.
const tokens = ["<end>", '{"city": "', "Par", "is", '"', "}", "Sure! "];
const vocabulary = createVocabulary({
  size: tokens.length,
  tokenBytes: (id) => new TextEncoder().encode(tokens[id]),
  endTokens: [0],
});
const grammar = jsonSchemaGrammar({
  type: "object",
  properties: { city: { enum: ["Paris", "Parma"] } },
  required: ["city"],
});

const constraint = createConstraint(new TokenMasks(grammar, vocabulary));
for (const token of [1, 2, 3, 4, 5]) {
  const mask = constraint.mask(); // 32 tokens a word
  console.log("may come:", tokens.filter((_, id) => (mask.at(0) ?? 0) & (1 << id)).join(" | "));
  constraint.accept(token);
}
console.log("finished:", constraint.isFinished);

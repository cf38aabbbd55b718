import {
  ByteLevelPreTokenizer,
  MetaspacePreTokenizer,
  type PreTokenizer,
  SequencePreTokenizer,
  SplitPreTokenizer,
} from "@huggingface/tokenizers";
import { preTokenSplitter } from "./pre-tokens.ts";

/** What cuts a text into words one by one; undefined where the library has to do it for the whole text. */
export function wordCutter(
  preTokenizer: PreTokenizer | null,
): ((text: string) => Iterable<string>) | undefined {
  const stages = preTokenizer instanceof SequencePreTokenizer ? preTokenizer.tokenizers : [preTokenizer];
  const bytes = stages.at(-1);
  if (!(bytes instanceof ByteLevelPreTokenizer) || bytes.use_regex) return undefined;
  const [first] = stages;
  const isSplit =
    first instanceof SplitPreTokenizer &&
    !first.config.invert &&
    first.config.behavior?.toLowerCase() !== "removed";
  const pattern = isSplit ? first.pattern : null;
  const cut = pattern === null ? (text: string) => [text] : preTokenSplitter(pattern);
  const others = stages.slice(pattern === null ? 0 : 1, -1).filter((stage) => stage !== null);
  // It treats the first word of a text apart.
  if (others.some((stage) => stage instanceof MetaspacePreTokenizer)) return undefined;
  if (others.length === 0 && !bytes.add_prefix_space) return cut;
  return function* (text) {
    for (const part of cut(text))
      for (const word of others.reduce((words, stage) => stage.pre_tokenize(words), [part]))
        yield bytes.add_prefix_space && !word.startsWith(" ") ? ` ${word}` : word;
  };
}

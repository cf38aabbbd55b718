import { TokenizerError } from "./tokenizer-error.ts";

/**
 * Cuts a text at the matches of a pattern, one at a time: what matches is a pre-token, and so is what lies
 * between two matches. The parts joined are the text.
 *
 * @throws {TokenizerError} `TOKENIZER_TEXT` where a match is too long for the engine of regular expressions.
 */
export function preTokenSplitter(pattern: RegExp): (text: string) => Generator<string> {
  // A test at one place makes no object. It finds what a search from there finds, if that begins there.
  const here = new RegExp(pattern.source, withFlag(pattern, "y"));
  const anywhere = new RegExp(pattern.source, withFlag(pattern, "g"));

  const matchFrom = (text: string, from: number): readonly [start: number, end: number] => {
    // Set at each call, as texts may be cut in turn.
    here.lastIndex = from;
    if (here.test(text)) return [from, here.lastIndex];
    anywhere.lastIndex = from;
    const match = anywhere.exec(text);
    return match === null ? [text.length, text.length] : [match.index, anywhere.lastIndex];
  };

  return function* (text) {
    let done = 0;
    for (let from = 0; done < text.length; ) {
      const [start, end] = matchOrError(matchFrom, text, from);
      if (start > done) yield text.slice(done, start);
      if (end > start) yield text.slice(start, end);
      done = end;
      // A match of nothing parts the text where it is; the next one is behind the character that follows.
      from = end > start ? end : end + (text.codePointAt(end)! > 0xffff ? 2 : 1);
    }
  };
}

function matchOrError<Match>(
  match: (text: string, from: number) => Match,
  text: string,
  from: number,
): Match {
  try {
    return match(text, from);
  } catch (cause) {
    throw new TokenizerError({
      code: "TOKENIZER_TEXT",
      message: `The text has a word that is too long to be found, from character ${from} of ${text.length} on: this JavaScript engine gave up with "${(cause as Error).message}". Put spaces or line breaks into it.`,
      expected: "words of fewer than a million characters",
      cause,
    });
  }
}

function withFlag({ flags }: RegExp, flag: "g" | "y"): string {
  return flags.replace(/[gy]/g, "") + flag;
}

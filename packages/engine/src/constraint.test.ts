import type { Tokenizer } from "@krait/tokenizer";
import { expect, test } from "vitest";
import { collect, generate, prompt, scriptedEngine, tokenizer, tokensOf } from "../testing/generate.ts";
import type { TokenConstraint } from "./token-constraint.ts";

interface Spelling extends TokenConstraint {
  readonly seen: number[];
  readonly started: string[];
  /** How much it had seen each time that it was asked. */
  readonly asked: number[];
}

/** Allows the tokens of a text, one after the other, and notes what it is told. */
function spelling(text: string, { encode }: Pick<Tokenizer, "encode"> = tokenizer): Spelling {
  const ids = encode(text);
  const seen: number[] = [];
  const started: string[] = [];
  const asked: number[] = [];
  return {
    seen,
    started,
    asked,
    begin: (rest) => void started.push(rest),
    mask() {
      asked.push(seen.length);
      const mask = new Uint32Array(64);
      const id = ids[seen.length]!;
      mask[id >> 5]! |= 1 << (id & 31);
      return mask;
    },
    accept: (token) => void seen.push(token),
    get isFinished() {
      return seen.length === ids.length;
    },
  };
}

test.each([false, true])(
  "an answer is what its constraint allows, and ends with it (looking ahead: %s)",
  async (lookahead) => {
    const constraint = spelling('{"a": 1}');
    const { text, finish, events } = await generate(
      "anything else",
      { constraint: () => constraint },
      lookahead,
    );
    expect(text).toBe('{"a": 1}');
    expect(finish.finishReason).toBe("stop");
    expect(tokensOf(events).map(({ token }) => token)).toEqual(constraint.seen);
    expect(constraint.started).toEqual([""]);
    // Once for each token, and not again after the last.
    expect(constraint.asked).toEqual([...constraint.seen.keys()]);
  },
);

test.each([false, true])(
  "it begins after the reasoning, whoever ends that (looking ahead: %s)",
  async (lookahead) => {
    for (const thinking of [{}, { budget: 3, grace: 0 }]) {
      const constraint = spelling("yes");
      const request = { reasoning: "on", thinking, constraint: () => constraint } as const;
      const { text, reasoning, finish } = await generate("I think on\n</think>\n\nno!", request, lookahead);
      expect(reasoning.length).toBeGreaterThan(2);
      expect(text).toBe("yes");
      expect(constraint.seen).toEqual(tokenizer.encode("yes"));
      expect(finish.reasoningEnd).toBe(thinking.budget === undefined ? "model" : "hard");
    }
  },
);

test("it sees no token of what closes the reasoning for the model, where the answer begins behind those", async () => {
  // A token for each letter, so that line ends are left to be put behind the marker.
  const letters = {
    encode: (text: string) => Array.from(text, (letter) => letter.charCodeAt(0)),
    tokenText: (id: number) => String.fromCharCode(id),
    stream: () => ({ push: (id: number) => String.fromCharCode(id), flush: () => "" }),
  } as unknown as Tokenizer;
  for (const asDevice of [false, true]) {
    const constraint = spelling("yes", letters);
    const { engine } = await scriptedEngine(() => 97, { asDevice }, { tokenizer: letters });
    const events = await collect(
      engine.generate({
        ...{ prompt: [65], reasoning: "on", thinking: { budget: 3, grace: 0 } },
        constraint: () => constraint,
      }),
    );
    const written = tokensOf(events).map(({ token }) => letters.tokenText(token));
    expect(written.join("")).toBe("aaa\n</think>\n\nyes");
    expect(constraint.seen).toEqual(letters.encode("yes"));
  }
});

test("a call that closes the reasoning is what the constraint begins with", async () => {
  const constraint = spelling("x");
  await generate('hm <TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>', {
    reasoning: "on",
    constraint: () => constraint,
  });
  expect(constraint.started[0]).toMatch(/^ ?<TOOLCALL>\[/);
});

test("each of several answers has a constraint of its own", async () => {
  const made: ReturnType<typeof spelling>[] = [];
  const constraint = () => {
    const each = spelling(["one", "two"][made.length]!);
    made.push(each);
    return each;
  };
  const { events } = await generate("anything", { n: 2, constraint });
  for (const choice of [0, 1]) {
    const tokens = tokensOf(events.filter((event) => event.choice === choice)).map(({ token }) => token);
    expect(tokenizer.decode(tokens)).toBe(["one", "two"][choice]);
  }
});

test.each(["begin", "mask", "accept"] as const)(
  "what the %s of a constraint throws ends its request",
  async (method) => {
    const fail = (): never => {
      throw new Error("no such token");
    };
    const constraint = { ...spelling("abc"), [method]: fail };
    await expect(generate("anything", { prompt, constraint: () => constraint })).rejects.toThrow(
      "no such token",
    );
  },
);

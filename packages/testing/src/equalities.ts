import fc from "fast-check";
import { type EqualitySubject, joined, SLOTS } from "./equality-subject.ts";
import { Random } from "./random.ts";
import { randomSchedule } from "./schedule.ts";

/** Something that holds of every model on every backend, without golden data. */
export interface EqualityCheck {
  readonly name: string;
  /** @throws {Error} when it does not hold. */
  check(subject: EqualitySubject): Promise<void>;
}

/** Cuts and schedules that are tried of each model. */
const TRIES = 4;

async function forAll<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => Promise<void>): Promise<void> {
  await fc.assert(fc.asyncProperty(arbitrary, check), { numRuns: TRIES, seed: 1 });
}

/** A place to cut so many tokens in two. */
const cutOf = (tokens: readonly number[]): fc.Arbitrary<number> =>
  fc.integer({ min: 1, max: tokens.length - 1 });

export const equalities: readonly EqualityCheck[] = [
  {
    name: "a batch of n sequences equals n single runs",
    async check(subject) {
      const { runner } = subject;
      const prompts = [23, 9, 30].map((length) => subject.tokens(length));
      await forAll(fc.integer(), async (seed) => {
        const random = new Random(seed);
        const [spare, ...slots] = random.shuffle([...Array(SLOTS).keys()]);
        for (const slot of slots) runner.clear(slot);
        const { steps, cuts } = randomSchedule(
          random,
          prompts.map(({ length }) => length),
        );
        const batched: Float32Array[][] = prompts.map(() => []);
        for (const { parts, padding } of steps) {
          const rows = parts.map(({ sequence, start, end }) => ({
            slot: slots[sequence]!,
            tokens: prompts[sequence]!.slice(start, end),
          }));
          const logits = await runner.run(rows, padding);
          for (const [index, { sequence }] of parts.entries()) batched[sequence]!.push(logits[index]!);
        }
        for (const [sequence, prompt] of prompts.entries()) {
          const single = await subject.run(spare!, prompt, cuts[sequence]);
          subject.requireEqual(`sequence ${sequence}`, joined(batched[sequence]!), single);
          await subject.requireSameState(`sequence ${sequence}`, slots[sequence]!, spare!);
        }
      });
    },
  },
  {
    name: "a prompt cut anywhere equals the whole prompt",
    async check(subject) {
      const prompt = subject.tokens(40);
      const whole = await subject.run(0, prompt);
      await forAll(fc.uniqueArray(cutOf(prompt), { maxLength: 12 }), async (cuts) => {
        subject.requireEqual("prompt", await subject.run(1, prompt, cuts), whole);
        await subject.requireSameState("prompt", 1, 0);
      });
    },
  },
  {
    name: "a replay in a used slot equals the first run",
    async check(subject) {
      const prompt = subject.tokens(35);
      const cuts = [28, 29, 30, 31, 32, 33, 34];
      const first = await subject.run(2, prompt, cuts);
      subject.runner.copySlot(2, 3);
      await subject.run(2, subject.tokens(50));
      subject.requireEqual("replay", await subject.run(2, prompt, cuts), first);
      await subject.requireSameState("replay", 2, 3);
    },
  },
  {
    name: "a restored copy equals having gone on",
    async check(subject) {
      const { runner } = subject;
      const prompt = subject.tokens(45);
      await forAll(cutOf(prompt), async (cut) => {
        await subject.run(0, prompt.slice(0, cut));
        runner.copySlot(0, 5);
        const goneOn = await subject.goOn(0, prompt.slice(cut));
        await subject.run(4, subject.tokens(20)); // what comes between must not matter
        runner.copySlot(5, 4);
        subject.requireEqual("restored", await subject.goOn(4, prompt.slice(cut)), goneOn);
        await subject.requireSameState("restored", 4, 0);
      });
    },
  },
  {
    name: "a mark in the middle of a prefill equals having stopped there",
    async check(subject) {
      const { runner } = subject;
      const prompt = subject.tokens(45);
      await forAll(cutOf(prompt), async (cut) => {
        runner.clear(0);
        const [whole] = await runner.run([{ slot: 0, tokens: prompt, mark: { after: cut, slot: 3 } }], 1);
        await subject.run(1, prompt.slice(0, cut));
        await subject.requireSameState("mark", 3, 1);
        const rest = await subject.goOn(3, prompt.slice(cut));
        subject.requireEqual("after the mark", rest, whole!.subarray(cut * subject.vocabularySize));
        await subject.requireSameState("after the mark", 3, 0);
      });
    },
  },
  {
    name: "a fork that diverges equals two runs",
    async check(subject) {
      const { runner } = subject;
      const [shared, left, right] = [34, 9, 13].map((length) => subject.tokens(length)) as [
        number[],
        number[],
        number[],
      ];
      await subject.run(0, shared);
      // The fork's first step reads its parent's slot; then both go on, side by side.
      const [first] = await runner.run([{ slot: 1, readSlot: 0, tokens: right.slice(0, 4) }]);
      const [fork, parent] = await runner.run([
        { slot: 1, tokens: right.slice(4) },
        { slot: 0, tokens: left },
      ]);
      const alone = async (slot: number, tokens: readonly number[], cuts: readonly number[]) => {
        const logits = await subject.run(slot, [...shared, ...tokens], cuts);
        return logits.subarray(shared.length * subject.vocabularySize);
      };
      subject.requireEqual("parent", parent!, await alone(2, left, [34]));
      await subject.requireSameState("parent", 0, 2);
      subject.requireEqual("fork", joined([first!, fork!]), await alone(3, right, [34, 38]));
      await subject.requireSameState("fork", 1, 3);
    },
  },
];

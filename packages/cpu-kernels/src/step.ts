import {
  BindingError,
  checkExtents,
  checkFeed,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Step,
  type StepProfile,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { decodeFault, describeFault, FAULT_BYTES } from "./fault.ts";
import { feedChecks } from "./feed-checks.ts";
import type { KernelWeight, OpList } from "./kernel-host.ts";
import { encodeOpList, entryBytes } from "./op-list.ts";
import { entryOf } from "./op-words.ts";

/**
 * A bound Program: extents and feeds are written, and its list of ops is run.
 *
 * Feeds are checked before the first op, so a step that is refused leaves every state as it was.
 */
export class KernelStep<Weight extends KernelWeight = KernelWeight> implements Step {
  readonly outputs: Readonly<Record<string, DeviceBuffer>>;
  readonly #largest: Extents;
  readonly #bindings: Bindings<Weight>;
  readonly #list: OpList;
  /** Each op of the list as a list of its own. */
  readonly #ops: readonly OpList[];
  #isDisposed = false;

  constructor(largest: Extents, bindings: Bindings<Weight>) {
    this.#largest = largest;
    this.#bindings = bindings;
    this.outputs = bindings.outputs;
    try {
      [this.#list, this.#ops] = writeOpList(bindings);
    } catch (error) {
      bindings.dispose();
      throw error;
    }
  }

  run(extents: Extents, feeds: Readonly<Record<string, ArrayBufferView>>): void {
    const { program, feeds: held, host } = this.#bindings;
    if (this.#isDisposed) throw new DisposedError(`The step of Program "${program.name}"`);
    this.#bindings.checkLive();
    checkExtents(program, extents, this.#largest);
    const given = Object.entries(feeds).map(
      ([name, values]) => [name, checkFeed(program, name, values, extents)] as const,
    );
    this.#bindings.writeExtents(extents);
    for (const [name, bytes] of given) {
      const region = held.get(name)!;
      region.write(0, bytes.subarray(0, region.byteLength));
    }
    if (host.profiler?.isWanted) host.profiler.give(this.#profile(extents));
    else host.run(this.#list, extents);
  }

  /** @throws {BindingError} of a feed, as the run of the whole list. */
  #profile(extents: Extents): StepProfile {
    const { program, host } = this.#bindings;
    host.run({ ...this.#list, entries: this.#list.checks, ops: [] }, extents);
    const ops = program.ops.map((op, index) => {
      const start = performance.now();
      host.run(this.#ops[index]!, extents);
      return { op, seconds: (performance.now() - start) / 1000 };
    });
    return { program: program.name, extents, ops };
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#bindings.dispose();
  }
}

function writeOpList<Weight extends KernelWeight>(
  bindings: Bindings<Weight>,
): [whole: OpList, ops: readonly OpList[]] {
  const { program, host } = bindings;
  const fault = bindings.allocate(FAULT_BYTES, "fault");
  const checks = feedChecks(program, bindings);
  const entries = [
    ...checks.map(({ kernel, words }) => ({ kernel, words: [fault.address, ...words] })),
    ...program.ops.map((op) => entryOf(op, bindings)),
  ];
  const list = encodeOpList(entries, host);
  const region = bindings.allocate(list.byteLength, "op list");
  region.write(0, list);
  const whole: OpList = {
    address: region.address,
    entries: entries.length,
    checks: checks.length,
    ops: program.ops,
    fault,
    refusal(check, bytes) {
      const what = describeFault(decodeFault(bytes), checks[check]!.names);
      return new BindingError(`Program "${program.name}": ${what}.`);
    },
  };
  let address = whole.address;
  const addresses = entries.map((entry) => {
    const own = address;
    address += entryBytes(entry, host);
    return own;
  });
  const single = program.ops.map((op, index) => {
    return { ...whole, address: addresses[checks.length + index]!, entries: 1, checks: 0, ops: [op] };
  });
  return [whole, single];
}

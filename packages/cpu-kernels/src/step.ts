import {
  BindingError,
  checkExtents,
  checkFeed,
  type DeviceBuffer,
  DisposedError,
  type Extents,
  type Step,
} from "@krait/tensor";
import type { Bindings } from "./bindings.ts";
import { decodeFault, describeFault, FAULT_BYTES } from "./fault.ts";
import { feedChecks } from "./feed-checks.ts";
import type { KernelWeight, OpList } from "./kernel-host.ts";
import { encodeOpList } from "./op-list.ts";
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
  #isDisposed = false;

  constructor(largest: Extents, bindings: Bindings<Weight>) {
    this.#largest = largest;
    this.#bindings = bindings;
    this.outputs = bindings.outputs;
    try {
      this.#list = writeOpList(bindings);
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
    host.run(this.#list);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#bindings.dispose();
  }
}

function writeOpList<Weight extends KernelWeight>(bindings: Bindings<Weight>): OpList {
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
  return {
    region,
    entries: entries.length,
    checks: checks.length,
    fault,
    refusal(check, bytes) {
      const what = describeFault(decodeFault(bytes), checks[check]!.names);
      return new BindingError(`Program "${program.name}": ${what}.`);
    },
  };
}

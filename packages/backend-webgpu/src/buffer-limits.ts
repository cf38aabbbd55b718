import { KraitError, type Op, planScratch, stateBytes } from "@krait/tensor";
import type { CompileContext } from "./compile-context.ts";
import type { Launch } from "./launch.ts";
import { splitStates } from "./state-parts.ts";

const fewer = "Use fewer slots or pages, or a shorter context.";

/**
 * Asks of everything but weights and states that are split whether a buffer can hold it: before the weights
 * are there.
 *
 * @throws {KraitError} `BUFFER_TOO_LARGE` naming what is too large, and what to make smaller.
 */
export function checkBuffers({ program, largest, layout, maxBufferBytes }: CompileContext): void {
  const check = (what: string, bytes: number, advice: string): void => {
    if (bytes <= maxBufferBytes) return;
    throw new KraitError(
      "BUFFER_TOO_LARGE",
      `${what} of Program "${program.name}" needs ${bytes} bytes, but this adapter's buffers end at ` +
        `${maxBufferBytes}. ${advice}`,
    );
  };
  const split = splitStates(program);
  for (const [name, spec] of Object.entries(program.states)) {
    if (!split.has(name)) check(`State "${name}"`, stateBytes(spec), fewer);
  }
  const shorter = "Use steps of fewer rows.";
  for (const bytes of planScratch(program, largest).buffers) check("An intermediate", bytes, shorter);
  check("The feeds", 4 * layout.words, shorter);
}

/**
 * States that are split take a binding for each of their buffers, and a kernel has so many.
 *
 * @throws {KraitError} `BUFFER_TOO_LARGE` naming the op whose states are too large.
 */
export function checkBindings(
  { program, maxBufferBytes }: CompileContext,
  launches: readonly { readonly op: Op; readonly launch: Launch }[],
  most: number,
): void {
  for (const { op, launch } of launches) {
    if (launch.bindings.length <= most) continue;
    throw new KraitError(
      "BUFFER_TOO_LARGE",
      `The states of op "${op.op}" of Program "${program.name}" need so many buffers of ${maxBufferBytes} bytes ` +
        `that its kernel has ${launch.bindings.length} in all, but this adapter allows ${most}. ${fewer}`,
    );
  }
}

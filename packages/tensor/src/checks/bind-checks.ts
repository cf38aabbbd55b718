import type { DeviceBuffer, WeightBuffer } from "../backend.ts";
import { BindingError } from "../errors.ts";
import type { TensorSpec } from "../format.ts";
import type { StateSpec } from "../program.ts";
import { stateBytes } from "../state.ts";

/**
 * The backend's own weight behind the one that was given for a name.
 *
 * @param own - tells the backend's weights from others'.
 * @throws {BindingError} when it is missing, of another backend, or of another shape or format.
 */
export function bindWeight<Own extends WeightBuffer>(
  name: string,
  spec: TensorSpec,
  given: WeightBuffer | undefined,
  own: (weight: WeightBuffer) => Own | undefined,
): Own {
  if (given === undefined) throw new BindingError(`Weight "${name}" is not bound.`);
  const weight = own(given);
  if (weight === undefined) throw new BindingError(`Weight "${name}" is of another backend.`);
  const expected = describe(spec);
  const actual = describe(weight.spec);
  if (actual !== expected) {
    throw new BindingError(`Weight "${name}" is ${actual}, but the Program needs ${expected}.`);
  }
  return weight;
}

/**
 * The backend's own buffer behind the one that was given for a state.
 *
 * @throws {BindingError} when it is missing, of another backend, or too small.
 */
export function bindState<Own extends DeviceBuffer & { readonly label: string }>(
  name: string,
  spec: StateSpec,
  given: DeviceBuffer | undefined,
  own: (buffer: DeviceBuffer) => Own | undefined,
): Own {
  if (given === undefined) throw new BindingError(`State "${name}" is not bound.`);
  const state = own(given);
  if (state === undefined) throw new BindingError(`State "${name}" is of another backend.`);
  const bytes = stateBytes(spec);
  if (state.byteLength < bytes) {
    throw new BindingError(
      `State "${name}" needs ${bytes} bytes, but buffer "${state.label}" has ${state.byteLength}.`,
    );
  }
  return state;
}

const describe = ({ format, shape }: TensorSpec): string => `${format} [${shape.join(", ")}]`;

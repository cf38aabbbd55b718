import type { SsmScan } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Argument, f32, i32, pointer, state, weight } from "../launch.ts";

/** The largest finite f32: a limit that is none. */
const LARGEST_F32 = 3.4028234663852886e38;

/** What every kernel of the recurrence is given, from the step of time on. */
export function recurrenceOf(op: SsmScan, at: CompileContext): Argument[] {
  return [
    pointer(op.dt),
    at.stride(op.dt),
    weight(op.a),
    weight(op.d),
    weight(op.dtBias),
    f32(op.timeStepLimit[0]),
    f32(Math.min(op.timeStepLimit[1], LARGEST_F32)),
    state(op.recurrent),
    pointer(op.output),
    at.stride(op.output),
    i32(op.heads),
    i32(op.headDim),
    i32(op.stateSize),
    i32(op.heads / op.groups),
  ];
}

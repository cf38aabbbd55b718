import {
  type DType,
  type Extent,
  type Extents,
  elementCount,
  type FeedRef,
  type Operand,
  type Program,
  type StateRef,
  StepLayout,
  type TensorSpec,
  type WeightRef,
} from "@krait/tensor";
import type { DeviceProperties } from "./device/find-device.ts";
import { type Argument, i32 } from "./launch.ts";

/** Where an op finds what its kernels are given. */
export class CompileContext {
  readonly program: Program;
  readonly largest: Extents;
  readonly device: DeviceProperties;
  readonly layout: StepLayout;

  constructor(program: Program, largest: Extents, device: DeviceProperties) {
    this.program = program;
    this.largest = largest;
    this.device = device;
    this.layout = new StepLayout(program, largest);
  }

  rows({ value }: Operand): Extent {
    return this.program.values[value]!.rows;
  }

  /** Elements from one row of an operand to the next. */
  stride({ value }: Operand): Argument {
    return i32(this.program.values[value]!.columns);
  }

  /** Whether all rows of an operand begin at a multiple of four elements and are made of such. */
  isAligned({ value, offset, columns }: Operand): boolean {
    return [offset, columns, this.program.values[value]!.columns].every((count) => count % 4 === 0);
  }

  /** The address of the step's own extent, which a bucket's may exceed. */
  extent(name: keyof Extents): Argument {
    return { kind: "step", word: this.layout.extent(name) };
  }

  /** The address of a feed. */
  feed(ref: FeedRef): Argument {
    return { kind: "step", word: this.layout.feed(ref) };
  }

  /** The second dimension of a feed. */
  feedColumns({ feed }: FeedRef): number {
    return Number(this.program.feeds[feed]!.shape[1] ?? 1);
  }

  weight({ weight }: WeightRef): TensorSpec {
    return this.program.weights[weight]!;
  }

  stateDtype({ state }: StateRef): DType {
    return this.program.states[state]!.dtype;
  }

  /** Elements of one slot, of one output row, or of one position of a page. */
  stateSize({ state }: StateRef): number {
    return elementCount(this.program.states[state]!.shape);
  }
}

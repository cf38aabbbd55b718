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
import type { KernelTraits } from "./device/kernel-traits.ts";
import type { KernelProduct } from "./kernel-compile-error.ts";
import type { ProductVariant, RowClass } from "./products/product-variant.ts";

/** Where an op finds the numbers that its kernels are specialized with. */
export class CompileContext {
  readonly program: Program;
  readonly largest: Extents;
  readonly maxBufferBytes: number;
  readonly traits: KernelTraits;
  readonly layout: StepLayout;

  constructor(program: Program, largest: Extents, maxBufferBytes: number, traits: KernelTraits) {
    this.program = program;
    this.largest = largest;
    this.maxBufferBytes = maxBufferBytes;
    this.traits = traits;
    this.layout = new StepLayout(program, largest);
  }

  rows({ value }: Operand): Extent {
    return this.program.values[value]!.rows;
  }

  /** `<NAME>_OFFSET` and `<NAME>_STRIDE`, by which a kernel finds an operand's element in its value. */
  view(name: string, { value, offset }: Operand): Record<string, number> {
    return { [`${name}_OFFSET`]: offset, [`${name}_STRIDE`]: this.program.values[value]!.columns };
  }

  /** Whether all rows of an operand begin at a multiple of four elements and are made of such. */
  isAligned({ value, offset, columns }: Operand): boolean {
    return [offset, columns, this.program.values[value]!.columns].every((count) => count % 4 === 0);
  }

  /** The word of the step's buffer at which a feed starts. */
  feed(ref: FeedRef): number {
    return this.layout.feed(ref);
  }

  /** The second dimension of a feed. */
  feedColumns({ feed }: FeedRef): number {
    return Number(this.program.feeds[feed]!.shape[1] ?? 1);
  }

  weight({ weight }: WeightRef): TensorSpec {
    return this.program.weights[weight]!;
  }

  /** What products with a weight compute in. */
  variantOf(weight: WeightRef, rows: RowClass): ProductVariant {
    return this.traits.variantOf(this.weight(weight).format, rows);
  }

  /** The product with a weight that a kernel is for. */
  productOf(weight: WeightRef, rows: RowClass): KernelProduct {
    return { format: this.weight(weight).format, rows, variant: this.variantOf(weight, rows) };
  }

  stateDtype({ state }: StateRef): DType {
    return this.program.states[state]!.dtype;
  }

  /** Elements of one slot, of one output row, or of one position of a page. */
  stateSize({ state }: StateRef): number {
    return elementCount(this.program.states[state]!.shape);
  }
}

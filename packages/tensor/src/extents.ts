/** The dimensions that vary from step to step. */
export type Extent = "rows" | "segments" | "outputRows";

/** A dimension is a number known when the Program is built, or an extent known when it runs. */
export type Shape = readonly (number | Extent)[];

/**
 * How large one step is. The counts are upper bounds from which launch sizes and kernels are
 * chosen; padding rows have slot −1.
 */
export interface Extents {
  /** Rows of the step: one for each token of each sequence that takes part. */
  readonly rows: number;
  /** Runs of consecutive rows of one sequence. */
  readonly segments: number;
  /** Rows of the longest segment. */
  readonly longestSegment: number;
  /** Positions that the longest sequence spans after this step. */
  readonly context: number;
  /** Rows whose logits are wanted. */
  readonly outputRows: number;
}

/** The shape with every extent replaced by its number in this step. */
export function resolveShape(shape: Shape, extents: Extents): number[] {
  return shape.map((dimension) => (typeof dimension === "number" ? dimension : extents[dimension]));
}

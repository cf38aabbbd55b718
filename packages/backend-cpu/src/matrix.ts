/**
 * Some columns of a row-major matrix: element (row, column) is `data[offset + row · stride + column]`.
 * An operand of an op is one, so that splitting a value costs nothing.
 */
export interface Matrix<Data extends Float32Array | Int32Array = Float32Array> {
  readonly data: Data;
  readonly offset: number;
  readonly stride: number;
  readonly columns: number;
}

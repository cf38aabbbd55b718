// A matrix product for many rows by a GPU's matrix units, which multiply two small matrices in one instruction of
// a whole subgroup.
//
//   y[r, o] = activation(sum over i of weight[o, i] · x[r, i] + bias[o]) + residual[r, o]
//
// A workgroup takes TILE_ROWS rows of x against TILE_OUTPUTS rows of the weight, TILE_COLUMNS at a time. All
// its lanes decode both tiles into workgroup memory, rows one after the other. There the tile of x is made of left
// matrices as it lies; that of the weight is made of right ones by columns, for they have a column for each output:
//
//   sums[r, o] += left[r, i] · right[i, o]        left: ROWS × COLUMNS        right: COLUMNS × OUTPUTS
//
// of MATRIX_ROWS, MATRIX_COLUMNS and MATRIX_OUTPUTS, in f16 or f32, with sums in f32. The tile is cut in BLOCKS,
// BLOCKS_ACROSS of them side by side, and each is of one subgroup, which keeps its sums in registers to the end.
// Then the sums pass through workgroup memory, one matrix of each block at a time, to lanes that know their row
// and output. Subgroups may be smaller than the largest that the adapter has, by which lanes are counted: those
// past the last block decode, and do not multiply.

override ROWS_AT: u32; // words of the step: its rows
override CHUNKS: u32; // of a row of the weight
override ROW_VECTORS: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<vec4<u32>>; // [OUTPUTS, ROW_VECTORS]

// As the device's configuration names them, M, N and K; the type of a matrix names its columns before its rows.
alias Left = subgroup_matrix_left<Component, MATRIX_COLUMNS, MATRIX_ROWS>;
alias Right = subgroup_matrix_right<Component, MATRIX_OUTPUTS, MATRIX_COLUMNS>;
alias Sums = subgroup_matrix_result<f32, MATRIX_OUTPUTS, MATRIX_ROWS>;

const MATRIX_SUMS: u32 = MATRIX_ROWS * MATRIX_OUTPUTS;
const MATRICES_DOWN: u32 = BLOCK_ROWS / MATRIX_ROWS; // of a block
const MATRICES_ACROSS: u32 = BLOCK_OUTPUTS / MATRIX_OUTPUTS;
const BLOCKS: u32 = BLOCKS_DOWN * BLOCKS_ACROSS;
const TILE_ROWS: u32 = BLOCKS_DOWN * BLOCK_ROWS;
const TILE_OUTPUTS: u32 = BLOCKS_ACROSS * BLOCK_OUTPUTS;
const TILE_STRIDE: u32 = TILE_COLUMNS + PADDING;
const TILE_VECTORS: u32 = TILE_COLUMNS / 4;
const TILE_CHUNKS: u32 = TILE_VECTORS / CHUNK_VECTORS;

var<workgroup> inputs: array<Component, TILE_ROWS * TILE_STRIDE>;
var<workgroup> weights: array<Component, TILE_OUTPUTS * TILE_STRIDE>;
var<workgroup> results: array<f32, BLOCKS * MATRIX_SUMS>;

/// x and z count tiles of outputs, y tiles of rows.
@compute @workgroup_size(LANES)
fn linear_matrices(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
  @builtin(subgroup_id) block: u32,
) {
  let rows = u32(step[ROWS_AT]);
  let first_row = workgroup.y * TILE_ROWS;
  let first_output = (workgroup.x + workgroup.z * workgroups.x) * TILE_OUTPUTS;
  if (first_output >= OUTPUTS) {
    return;
  }
  let block_row = block / BLOCKS_ACROSS * BLOCK_ROWS;
  let block_output = block % BLOCKS_ACROSS * BLOCK_OUTPUTS;

  var sums: array<array<Sums, MATRICES_ACROSS>, MATRICES_DOWN>;
  for (var first_chunk = 0u; first_chunk < CHUNKS; first_chunk += TILE_CHUNKS) {
    for (var i = lane; i < TILE_ROWS * TILE_VECTORS; i += LANES) {
      let r = i / TILE_VECTORS;
      let v = i % TILE_VECTORS;
      var values = TileVector();
      if (first_row + r < rows) {
        values = tile_input(first_row + r, first_chunk * CHUNK_VECTORS + v);
      }
      for (var e = 0u; e < 4; e++) {
        inputs[r * TILE_STRIDE + 4 * v + e] = values[e];
      }
    }
    for (var i = lane; i < TILE_OUTPUTS * TILE_CHUNKS; i += LANES) {
      let o = i / TILE_CHUNKS;
      let chunk = i % TILE_CHUNKS;
      var values = Chunk(); // said, for compilers do not zero what a loop declares again
      if (first_output + o < OUTPUTS && first_chunk + chunk < CHUNKS) {
        values = weight_chunk((first_output + o) * ROW_VECTORS, first_chunk + chunk);
      }
      for (var v = 0u; v < CHUNK_VECTORS; v++) {
        for (var e = 0u; e < 4; e++) {
          weights[o * TILE_STRIDE + 4 * (chunk * CHUNK_VECTORS + v) + e] = Component(values[v][e]);
        }
      }
    }
    workgroupBarrier();

    if (block < BLOCKS) {
      for (var column = 0u; column < TILE_COLUMNS; column += MATRIX_COLUMNS) {
        var right: array<Right, MATRICES_ACROSS>;
        for (var n = 0u; n < MATRICES_ACROSS; n++) {
          let at = (block_output + n * MATRIX_OUTPUTS) * TILE_STRIDE + column;
          right[n] = subgroupMatrixLoad<Right, col_major>(&weights, at, TILE_STRIDE);
        }
        for (var m = 0u; m < MATRICES_DOWN; m++) {
          let at = (block_row + m * MATRIX_ROWS) * TILE_STRIDE + column;
          let left = subgroupMatrixLoad<Left, row_major>(&inputs, at, TILE_STRIDE);
          for (var n = 0u; n < MATRICES_ACROSS; n++) {
            sums[m][n] = subgroupMatrixMultiplyAccumulate(left, right[n], sums[m][n]);
          }
        }
      }
    }
    workgroupBarrier();
  }

  for (var m = 0u; m < MATRICES_DOWN; m++) {
    for (var n = 0u; n < MATRICES_ACROSS; n++) {
      if (block < BLOCKS) {
        subgroupMatrixStore<row_major>(&results, block * MATRIX_SUMS, sums[m][n], MATRIX_OUTPUTS);
      }
      workgroupBarrier();
      for (var i = lane; i < BLOCKS * MATRIX_SUMS; i += LANES) {
        let of_block = i / MATRIX_SUMS;
        let r = of_block / BLOCKS_ACROSS * BLOCK_ROWS + m * MATRIX_ROWS + i % MATRIX_SUMS / MATRIX_OUTPUTS;
        let o = of_block % BLOCKS_ACROSS * BLOCK_OUTPUTS + n * MATRIX_OUTPUTS + i % MATRIX_OUTPUTS;
        if (first_row + r < rows && first_output + o < OUTPUTS) {
          store_output(first_row + r, first_output + o, results[i] * input_scale(first_row + r));
        }
      }
      workgroupBarrier();
    }
  }
}

// output[r] = table[token[r]], and zeros where the token is −1
//
// Each invocation decodes one chunk of a row. Of a table in several buffers each dispatch has one, and
// writes only the rows whose token is in it; the first also writes the zeros.

override FIRST_ROW: u32; // of the table, in this buffer
override TABLE_ROWS: u32;
override ROW_VECTORS: u32;
override COLUMNS: u32;
override TOKEN_OFFSET: u32;
override TOKEN_STRIDE: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

@group(0) @binding(0) var<storage, read> weight: array<vec4<u32>>; // [TABLE_ROWS, ROW_VECTORS]
@group(0) @binding(1) var<storage, read> token: array<i32>; // [rows, 1]
@group(0) @binding(2) var<storage, read_write> output: array<f32>; // [rows, COLUMNS]

/// x counts chunks, y rows.
@compute @workgroup_size(64)
fn embed(@builtin(global_invocation_id) id: vec3<u32>) {
  let first = 4 * CHUNK_VECTORS * id.x;
  if (first >= COLUMNS) {
    return;
  }
  let row = id.y;
  let token_id = token[TOKEN_OFFSET + row * TOKEN_STRIDE];
  let is_padding = token_id < 0;
  let table_row = u32(token_id) - FIRST_ROW;
  if (select(table_row >= TABLE_ROWS, FIRST_ROW > 0, is_padding)) {
    return;
  }
  var values: Chunk;
  if (!is_padding) {
    values = weight_chunk(table_row * ROW_VECTORS, id.x);
  }
  for (var i = 0u; i < 4 * CHUNK_VECTORS && first + i < COLUMNS; i++) {
    output[OUTPUT_OFFSET + row * OUTPUT_STRIDE + first + i] = values[i / 4][i % 4];
  }
}

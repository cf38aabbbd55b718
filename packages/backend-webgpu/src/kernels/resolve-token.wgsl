// The token id of each row: what the host fed, or, where it fed −1, what the row's slot sampled last.
//
//   output[r] = token[r] ≥ 0 ? token[r] : lastToken[slot[r]]        −1 for padding, a row of slot −1

override ROWS_AT: u32; // words of the step: its rows, and the feeds
override TOKEN: u32;
override SLOT: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> last_token: array<i32>; // [slots]
@group(0) @binding(2) var<storage, read_write> output: array<i32>; // [rows, 1]

@compute @workgroup_size(64)
fn resolve_token(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= u32(step[ROWS_AT])) {
    return;
  }
  let slot = step[SLOT + row];
  var token = step[TOKEN + row];
  if (slot < 0) {
    token = -1;
  } else if (token < 0) {
    token = last_token[slot];
  }
  output[OUTPUT_OFFSET + row * OUTPUT_STRIDE] = token;
}

// output[r] = logits[r, token[r]], and −∞ where the token is −1

override ROWS_AT: u32; // words of the step: its output rows
override VOCABULARY: u32;
override TOKEN_OFFSET: u32;
override TOKEN_STRIDE: u32;
override OUTPUT_OFFSET: u32;
override OUTPUT_STRIDE: u32;

const NEGATIVE_INFINITY: u32 = 0xff800000;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> logits: array<u32>; // f32 [output rows, VOCABULARY]
@group(0) @binding(2) var<storage, read> token: array<i32>; // [output rows, 1]
@group(0) @binding(3) var<storage, read_write> output: array<u32>; // f32 [output rows, 1]

@compute @workgroup_size(64)
fn token_logit(@builtin(global_invocation_id) id: vec3<u32>) {
  let row = id.x;
  if (row >= u32(step[ROWS_AT])) {
    return;
  }
  let token_id = token[TOKEN_OFFSET + row * TOKEN_STRIDE];
  var bits = NEGATIVE_INFINITY;
  if (token_id >= 0) {
    bits = logits[row * VOCABULARY + u32(token_id)];
  }
  output[OUTPUT_OFFSET + row * OUTPUT_STRIDE] = bits;
}

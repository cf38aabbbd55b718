// Attention of each query row over the pages of its own sequence.
//
//   score[p] = scale · query[r, h] · keys[p, k]            p ≤ position[r]
//   output[r, h] = sum over p of softmax(score)[p] · values[p, k]
//
//   r  row        h  query head, of HEADS        k = floor(h / HEADS_PER_KEY)
//   p  position   D  HEAD_DIM
//
// A workgroup takes one head of one row through some pages, one after the other, with a running
// softmax: it keeps the largest score m so far, the sum l of exp(score − m), and the weighted sum of
// values, and scales both down when a page brings a larger score. Two lanes share a position when
// scores are computed; then every lane has channels of its own.
//
// Where a context is split among workgroups, each leaves m, l and its sum as PARTIALS, which
// attention-merge.wgsl adds up. `load_keys` and `load_values` give words of the pages, which are
// [pages, PAGE_SIZE, key-value heads, D]. Rows of slot −1 are padding and give zeros.
//
// Milakov & Gimelshein 2018, arXiv:1805.02867, for the running softmax; Dao et al. 2022,
// arXiv:2205.14135; Ainslie et al. 2023, arXiv:2305.13245, for the shared heads; Kwon et al. 2023,
// arXiv:2309.06180, for pages.

override SLOT: u32; // words of the step: the feeds
override POSITION: u32;
override MAX_PAGES: u32;
override HEADS: u32;
override HEADS_PER_KEY: u32;
override HEAD_DIM: u32;
override SCALE: f32;
override QUERY_OFFSET: u32;
override QUERY_STRIDE: u32;
override OUTPUT_OFFSET: u32 = 0;
override OUTPUT_STRIDE: u32 = 0;
override SPLIT_PAGES: u32; // pages that one workgroup takes
override IS_SPLIT: bool;

const PAGE_SIZE: u32 = 32;
const LANES: u32 = 64;
const NONE: f32 = -3e38; // below any score

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> query: array<f32>; // [rows, HEADS · D]
@group(0) @binding(2) var<storage, read> page_table: array<i32>; // [slots, MAX_PAGES]
@group(0) @binding(3) var<storage, read_write> output: array<f32>; // [rows, HEADS · D], or [rows, HEADS, splits, D + 2]

var<workgroup> own_query: array<f32, HEAD_DIM>;
var<workgroup> partial: array<f32, LANES>;
var<workgroup> exponentials: array<f32, PAGE_SIZE>;

/// x counts heads, y rows, z splits of the context. CHANNELS_PER_LANE is D / LANES, rounded up.
@compute @workgroup_size(LANES)
fn attention(
  @builtin(workgroup_id) workgroup: vec3<u32>,
  @builtin(num_workgroups) workgroups: vec3<u32>,
  @builtin(local_invocation_index) lane: u32,
) {
  let head = workgroup.x;
  let row = workgroup.y;
  let slot = step[SLOT + row];
  var positions = 0u; // how many the row sees
  if (slot >= 0) {
    positions = u32(step[POSITION + row]) + 1;
  }
  let first_page = workgroup.z * SPLIT_PAGES;
  let end_page = min((positions + PAGE_SIZE - 1) / PAGE_SIZE, first_page + SPLIT_PAGES);
  let key_columns = HEADS / HEADS_PER_KEY * HEAD_DIM;
  let first_column = head / HEADS_PER_KEY * HEAD_DIM;

  for (var i = lane; i < HEAD_DIM; i += LANES) {
    own_query[i] = SCALE * query[QUERY_OFFSET + row * QUERY_STRIDE + head * HEAD_DIM + i];
  }
  workgroupBarrier();

  var largest = NONE;
  var sum = 0.0;
  var weighted: array<f32, CHANNELS_PER_LANE>;
  for (var page = first_page; page < end_page; page++) {
    let first_row = u32(page_table[u32(slot) * MAX_PAGES + page]) * PAGE_SIZE;
    let count = min(PAGE_SIZE, positions - page * PAGE_SIZE);

    let p = lane / 2;
    var score = 0.0;
    if (p < count) {
      let base = (first_row + p) * key_columns + first_column;
      for (var i = lane % 2; i < HEAD_DIM; i += 2) {
        let at = base + i;
        score += own_query[i] * page_element(load_keys(at / ELEMENTS_PER_WORD), at);
      }
    }
    partial[lane] = score;
    workgroupBarrier();

    var page_largest = NONE;
    for (var i = 0u; i < count; i++) {
      page_largest = max(page_largest, partial[2 * i] + partial[2 * i + 1]);
    }
    let new_largest = max(largest, page_largest);
    let correction = exp(largest - new_largest);
    largest = new_largest;
    if (lane < count) {
      exponentials[lane] = exp(partial[2 * lane] + partial[2 * lane + 1] - largest);
    }
    workgroupBarrier();

    sum *= correction;
    for (var i = 0u; i < CHANNELS_PER_LANE; i++) {
      weighted[i] *= correction;
    }
    for (var q = 0u; q < count; q++) {
      let exponential = exponentials[q];
      sum += exponential;
      let base = (first_row + q) * key_columns + first_column;
      for (var i = 0u; i < CHANNELS_PER_LANE; i++) {
        let channel = lane + i * LANES;
        if (channel < HEAD_DIM) {
          let at = base + channel;
          weighted[i] += exponential * page_element(load_values(at / ELEMENTS_PER_WORD), at);
        }
      }
    }
  }

  if (IS_SPLIT) {
    let to = ((row * HEADS + head) * workgroups.z + workgroup.z) * (HEAD_DIM + 2);
    for (var i = 0u; i < CHANNELS_PER_LANE; i++) {
      let channel = lane + i * LANES;
      if (channel < HEAD_DIM) {
        output[to + channel] = weighted[i];
      }
    }
    if (lane == 0) {
      output[to + HEAD_DIM] = largest;
      output[to + HEAD_DIM + 1] = sum;
    }
    return;
  }
  let to = OUTPUT_OFFSET + row * OUTPUT_STRIDE + head * HEAD_DIM;
  for (var i = 0u; i < CHANNELS_PER_LANE; i++) {
    let channel = lane + i * LANES;
    if (channel < HEAD_DIM) {
      output[to + channel] = select(0, weighted[i] / sum, positions > 0);
    }
  }
}

// Stores the keys and values of each row in the page of its sequence and position.
//
//   page = pageTable[slot[r], floor(position[r] / PAGE_SIZE)]
//   keys[page, position[r] mod PAGE_SIZE] = key[r], values likewise
//
// Rows of slot −1 are padding and store nothing. `store_key` and `store_value` write an element of the pages,
// which are [pages, PAGE_SIZE, COLUMNS].
//
// Kwon et al. 2023, arXiv:2309.06180, for pages.

override SLOT: u32; // words of the step: the feeds
override POSITION: u32;
override MAX_PAGES: u32;
override COLUMNS: u32;
override KEY_OFFSET: u32;
override KEY_STRIDE: u32;
override VALUE_OFFSET: u32;
override VALUE_STRIDE: u32;

const PAGE_SIZE: u32 = 32;

@group(0) @binding(0) var<storage, read> step: array<i32>;
@group(0) @binding(1) var<storage, read> key: array<f32>; // [rows, COLUMNS]
@group(0) @binding(2) var<storage, read> value: array<f32>; // [rows, COLUMNS]
@group(0) @binding(3) var<storage, read> page_table: array<i32>; // [slots, MAX_PAGES]

/// x counts columns, y rows.
@compute @workgroup_size(64)
fn write_kv(@builtin(global_invocation_id) id: vec3<u32>) {
  let column = id.x;
  let row = id.y;
  let slot = step[SLOT + row];
  if (column >= COLUMNS || slot < 0) {
    return;
  }
  let position = u32(step[POSITION + row]);
  let page = u32(page_table[u32(slot) * MAX_PAGES + position / PAGE_SIZE]);
  let at = (page * PAGE_SIZE + position % PAGE_SIZE) * COLUMNS + column;
  store_key(at, key[KEY_OFFSET + row * KEY_STRIDE + column]);
  store_value(at, value[VALUE_OFFSET + row * VALUE_STRIDE + column]);
}

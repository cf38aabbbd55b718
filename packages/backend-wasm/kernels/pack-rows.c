#include "packed-rows.h"

INLINE void pack_group(Rows x, uint32_t columns, uint32_t group, float *packed) {
  uint32_t first = first_of_group(x.rows, group), rows = first_of_group(x.rows, group + 1) - first;
  for (uint32_t r = 0; r < rows; r++) {
    const float *from = (const float *)((const char *)x.data + (uint64_t)(first + r) * x.stride_bytes);
    float *to = packed + first * padded_columns(columns) + 4 * r;
    uint32_t i = 0;
    for (; i + 4 <= columns; i += 4, to += 4 * rows) store4(to, load4(from + i));
    if (i < columns) store4(to, load_some(from + i, columns - i));
  }
}

void pack_rows(const Held *weight, Rows x, uint32_t part, uint32_t parts, void *packed) {
  Share groups = share_of(groups_of(x.rows), part, parts);
  for (uint32_t group = groups.first; group < groups.end; group++) pack_group(x, weight->columns, group, packed);
}

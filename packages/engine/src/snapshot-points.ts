/** Nearer than this to the next snapshot one is not worth its memory: about what a step reads anyway. */
const LEAST_DISTANCE = 32;

/**
 * The lengths of a prompt at which its states are kept, ascending.
 *
 * Most useful first: the last message boundary, where the next turn will part from this one because the
 * template strips the reasoning; the first, where conversations with one system prompt part; the prompt but
 * for its last token, for the same prompt again; the other boundaries from the end; then the stride.
 *
 * @param boundaries - where messages end, in tokens.
 * @param capacity - how many snapshots the cache may hold; one prompt takes half of them at most, but two.
 */
export function snapshotPoints(
  length: number,
  boundaries: readonly number[],
  stride: number,
  capacity: number,
): number[] {
  if (capacity === 0) return [];
  const most = Math.max(2, Math.floor(capacity / 2));
  const fitting = [...new Set(boundaries)].filter((point) => point > 0 && point < length);
  fitting.sort((a, b) => b - a);
  const strides = Array.from(
    { length: Math.floor((length - 1) / stride) },
    (_, index) => (index + 1) * stride,
  );
  const wanted = [...fitting.slice(0, 1), ...fitting.slice(-1), length - 1, ...fitting, ...strides.reverse()];
  const chosen: number[] = [];
  for (const point of wanted) {
    if (chosen.length >= Math.min(most, capacity)) break;
    const isBoundary = fitting.includes(point);
    const isNear = chosen.some((other) => Math.abs(other - point) < (isBoundary ? 1 : LEAST_DISTANCE));
    if (point > 0 && !isNear) chosen.push(point);
  }
  return chosen.sort((a, b) => a - b);
}

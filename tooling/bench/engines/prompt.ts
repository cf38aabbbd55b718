/** Ids that every random model has, none of them special: the same prompt for every engine. */
export function promptTokens(count: number): number[] {
  return Array.from({ length: count }, (_, index) => 5 + ((index * 7919 + 13) % 250));
}

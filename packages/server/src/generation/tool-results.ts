import type { Message } from "krait";

/**
 * Results of tools in the order of the calls that they answer. Models of this kind are told no ids: which
 * result is whose is a matter of its place. Where an id is missing or is no call's, the order stays.
 */
export function inCallOrder(messages: readonly Message[]): Message[] {
  const ordered = [...messages];
  for (let start = 0; start < ordered.length; start++) {
    const message = ordered[start]!;
    if (message.role !== "assistant" || !message.tool_calls?.length) continue;
    const places = new Map(
      message.tool_calls.map((call, place) => ["id" in call ? call.id : undefined, place]),
    );
    let end = start + 1;
    while (ordered[end]?.role === "tool") end++;
    const results = ordered.slice(start + 1, end);
    const placed = results.map((result) => ({ result, place: placeOf(result, places) }));
    if (placed.some(({ place }) => place === undefined)) continue;
    placed.sort((a, b) => a.place! - b.place!);
    ordered.splice(start + 1, results.length, ...placed.map(({ result }) => result));
  }
  return ordered;
}

function placeOf(message: Message, places: ReadonlyMap<string | undefined, number>): number | undefined {
  return message.role === "tool" && message.tool_call_id ? places.get(message.tool_call_id) : undefined;
}

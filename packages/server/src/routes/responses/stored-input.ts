import type { Content } from "../../generation/text-content.ts";
import { ApiError } from "../../http/api-error.ts";
import type { InputItem } from "./input-items.ts";
import type { OutputItem } from "./output-items.ts";

/** An item of a request as it is kept: with an id, and in full, as responses tell of items. */
export type StoredItem = InputItem & { readonly id: string };

/** @param id - for an item that has none by which it is found already. */
export function storedItem(item: InputItem | OutputItem, id: string): StoredItem {
  const status = "completed";
  switch (item.type) {
    case "reasoning":
      return { ...item, id, summary: Array.isArray(item.summary) ? item.summary : [] };
    case "function_call":
      return { ...item, id, status };
    case "function_call_output":
      return { ...item, id, status, output: item.output ?? "" };
    default: {
      const type = item.role === "assistant" ? "output_text" : "input_text";
      return { ...item, type: "message", id, status, content: partsOf(item.content, type) };
    }
  }
}

function partsOf(content: Content | null | undefined, type: "input_text" | "output_text"): Content {
  const parts = typeof content === "string" ? [{ type, text: content }] : (content ?? []);
  return parts.map((part) => {
    if (part.type === "refusal") return part;
    return { ...part, type, ...(type === "output_text" && { annotations: [] }) };
  });
}

/** By what the start of an item's id says what it is. */
export function idPrefix({ type }: InputItem): string {
  if (type === "reasoning") return "rs";
  if (type === "function_call") return "fc";
  return type === "function_call_output" ? "fco" : "msg";
}

export interface PageOptions {
  readonly order: "asc" | "desc";
  readonly limit: number;
  readonly after?: string | undefined;
}

/**
 * A page of a list, as OpenAI's API has them.
 *
 * @throws {ApiError} for an `after` that is not in the list.
 */
export function page(
  items: readonly { readonly id: string }[],
  { order, limit, after }: PageOptions,
): object {
  const ordered = order === "asc" ? items : items.toReversed();
  const before = after === undefined ? -1 : ordered.findIndex(({ id }) => id === after);
  if (after !== undefined && before < 0) {
    throw new ApiError("invalid", `after: there is no item "${after}" in the list.`, {
      ...{ code: "invalid_value", param: "after" },
    });
  }
  const data = ordered.slice(before + 1, before + 1 + limit);
  return {
    object: "list",
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: before + 1 + data.length < ordered.length,
  };
}

import { z } from "zod";
import { ApiError, unsupported } from "../http/api-error.ts";

const part = z.object({ type: z.string(), text: z.string().nullish(), refusal: z.string().nullish() });

/** Text, or parts, of which only those of text can be taken. */
export type Content = string | readonly ContentPart[];

interface ContentPart {
  readonly type: string;
  readonly text?: string | null | undefined;
  readonly refusal?: string | null | undefined;
}

/** Of messages whose content may be left out. */
export const contentSchema: z.ZodType<Content | null | undefined> = z
  .union([z.string(), z.array(part)])
  .nullish();

const textTypes: ReadonlySet<string> = new Set(["text", "input_text", "output_text"]);

/**
 * The text of a content, its parts joined by newlines.
 *
 * @param path - of the content, for the error.
 * @throws {ApiError} naming the first part that is no text.
 */
export function textOf(content: Content | null | undefined, path: string): string {
  if (content == null) return "";
  if (typeof content === "string") return content;
  return content
    .map((part, index) => {
      if (textTypes.has(part.type)) return part.text ?? missingText(`${path}[${index}].text`);
      if (part.type === "refusal") return part.refusal ?? missingText(`${path}[${index}].refusal`);
      return unsupported(`${path}[${index}]`, `this model reads text only, and no "${part.type}".`);
    })
    .join("\n");
}

function missingText(path: string): never {
  throw new ApiError("invalid", `${path}: expected string, received nothing.`, {
    code: "invalid_value",
    param: path,
  });
}

import { z } from "zod";
import type { ResponseFormat } from "../../model/served-model.ts";

const schema = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    json_schema: z.object({
      name: z.string().nullish(),
      schema: z.record(z.string(), z.unknown()).nullish(),
      strict: z.boolean().nullish(),
    }),
  }),
]);

/** What an answer should be, by the name `response_format`. */
export type ResponseFormatField =
  | { readonly type: "text" | "json_object" }
  | {
      readonly type: "json_schema";
      readonly json_schema: {
        readonly name?: string | null | undefined;
        readonly schema?: Readonly<Record<string, unknown>> | null | undefined;
        readonly strict?: boolean | null | undefined;
      };
    };

export const responseFormat: z.ZodType<ResponseFormatField> = schema;

export function toResponseFormat(format: ResponseFormatField | null | undefined): ResponseFormat {
  if (format?.type === "json_object") return { type: "json-object" };
  if (format?.type !== "json_schema") return { type: "text" };
  const { schema = {}, strict } = format.json_schema;
  return { type: "json-schema", schema: schema ?? {}, strict: strict ?? false };
}

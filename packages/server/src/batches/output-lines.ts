import type { Batch, LineResult } from "./batch.ts";
import type { InputLine } from "./input-lines.ts";

/** A line that was run, as the output and error files have it. */
export function outputLine({ id }: Batch, { customId, status, requestId, body }: LineResult): object {
  return {
    id: `${id}_${customId}`,
    custom_id: customId,
    response: { status_code: status, request_id: requestId, body },
    error: null,
  };
}

/** A line that was not, in the error file. */
export function leftOutLine({ id, status }: Batch, { customId }: InputLine): object {
  const error =
    status === "cancelling"
      ? { code: "batch_cancelled", message: "The batch was cancelled before this request was run." }
      : { code: "batch_expired", message: "This request was not run before the batch's time was over." };
  return { id: `${id}_${customId}`, custom_id: customId, response: null, error };
}

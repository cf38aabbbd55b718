import { countingTensor, safetensors } from "./files.ts";
import { type Answer, type RangeServer, serveFiles } from "./range-server.ts";

/** 1 MiB, so that it comes in several chunks of the network. */
export const large: ReturnType<typeof countingTensor> = countingTensor("large", [512, 512]);

/** 64 KiB that lie beyond what the first request brings. */
export const small: ReturnType<typeof countingTensor> = countingTensor("small", [128, 128]);

/** A file of both. */
export const file: Uint8Array<ArrayBuffer> = await safetensors([large, small]);

/** Serves the file's first 64 KiB as it should, and answers other requests wrongly. */
export function wrongBeyondHead(answer: Answer): Promise<RangeServer> {
  return serveFiles({ "model.safetensors": file }, (request, response, bytes) => {
    return request.headers.range !== "bytes=0-65535" && answer(request, response, bytes);
  });
}

/** First byte, and the one after the last, of a Range header. */
export function rangeOf(header: string | null | undefined): [number, number] {
  const [start, last] = header!.match(/\d+/g)!.map(Number);
  return [start!, last! + 1];
}

import { once } from "node:events";

/** Writes, and waits where a slow reader makes it necessary. */
export async function write(stream: NodeJS.WritableStream, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, "drain");
}

/**
 * The part of a whole response that a Range header asks for, as a server would give it: caches know no ranges.
 *
 * @param range - one range of bytes; anything else gets the whole, as RFC 9110 § 14.2 allows.
 */
export async function partOf(whole: Response, range: string): Promise<Response> {
  const [, first, last] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  if (first === undefined || last === undefined || (first === "" && last === "")) return whole;
  const body = await whole.blob();
  const start = first === "" ? Math.max(0, body.size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? body.size : Math.min(Number(last) + 1, body.size);
  const headers = new Headers(whole.headers);
  headers.delete("Content-Encoding");
  if (start >= end) {
    headers.set("Content-Range", `bytes */${body.size}`);
    return new Response(null, { status: 416, headers });
  }
  headers.set("Content-Range", `bytes ${start}-${end - 1}/${body.size}`);
  headers.set("Content-Length", String(end - start));
  return new Response(body.slice(start, end), { status: 206, statusText: "Partial Content", headers });
}

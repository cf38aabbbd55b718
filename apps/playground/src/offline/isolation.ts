/**
 * A response that lets threads share memory, from whatever server it came: a service worker may say what a
 * server of plain files does not. It counts from the next time that the page is loaded.
 *
 * @see https://web.dev/coop-coep
 */
export function withIsolation(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Cross-Origin-Opener-Policy", "same-origin");
  headers.set("Cross-Origin-Embedder-Policy", "require-corp");
  headers.set("Cross-Origin-Resource-Policy", "same-origin");
  const { status, statusText } = response;
  return new Response(response.body, { status, statusText, headers });
}

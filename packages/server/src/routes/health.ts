import type { App, ServerContext } from "../server-context.ts";

/** `GET /health`: the process answers; `GET /ready`: it takes work; `GET /metrics`: what it has done. */
export function healthRoute(app: App, { options, ledger, metrics }: ServerContext): void {
  app.get("/health", () => Response.json({ status: "ok" }));
  app.get("/ready", () => {
    const reason = options.drain?.aborted
      ? "shutting down"
      : ledger?.isFull
        ? "the ledger cannot be written"
        : undefined;
    if (reason === undefined) return Response.json({ status: "ready" });
    return Response.json({ status: "not ready", reason }, { status: 503 });
  });
  app.get(
    "/metrics",
    () =>
      new Response(metrics.text(), {
        headers: { "content-type": "text/plain; version=0.0.4; charset=utf-8" },
      }),
  );
}

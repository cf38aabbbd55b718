import type { App, ServerContext } from "../server-context.ts";

/** `GET /health`: the process answers; `GET /ready`: it takes work; `GET /metrics`: what it has done. */
export function healthRoute(app: App, context: ServerContext): void {
  const { metrics } = context;
  app.get("/health", () => Response.json({ status: "ok" }));
  app.get("/ready", () => {
    const reason = reasonAgainst(context);
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

/** Why work should go elsewhere now. */
function reasonAgainst({ models, options, ledger }: ServerContext): string | undefined {
  if (options.drain?.aborted) return "shutting down";
  if (ledger?.isFull) return "the ledger cannot be written";
  const states = models.map(({ id, state }) => ({ id, state: state?.() ?? "ready" }));
  const away = states.find(({ state }) => state !== "ready");
  return away && `the model "${away.id}" is ${away.state}`;
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { answersOf, submitBatch, untilBatch } from "../../test-support/batch-process.ts";
import { echoModel } from "../../test-support/echo-model.ts";
import { openBatches, serve } from "../node/index.ts";
import { UpstreamError } from "../upstream/upstream-error.ts";

test.each<[string, ConstructorParameters<typeof UpstreamError>[2]]>([
  ["says nothing", { silentSeconds: 120 }],
  ["has too much to do", { status: 429 }],
  ["cannot be reached", {}],
])("a line whose upstream %s waits, and is answered when it is well again", async (_, trouble) => {
  const folder = await mkdtemp(join(tmpdir(), "krait-unwell-"));
  try {
    const echo = echoModel(1);
    let asked = 0;
    const unwell: typeof echo = {
      ...echo,
      chat(request) {
        if (++asked === 1) throw new UpstreamError("http://behind.example", "is unwell.", trouble);
        return echo.chat(request);
      },
    };
    await using batches = await openBatches({ folder });
    await using server = await serve([unwell], { port: 0, batches });
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "none", maxRetries: 0 });
    const id = await submitBatch(client, 2);
    const ended = await untilBatch(client, id, ({ status }) => status === "completed");
    expect(ended.request_counts).toEqual({ total: 2, completed: 2, failed: 0 });
    expect((await answersOf(client, ended)).size).toBe(2);
    expect(asked).toBe(3);
  } finally {
    await rm(folder, { recursive: true });
  }
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { startTiny } from "../../test-support/running-server.ts";
import type { LedgerEntry } from "../accounting/ledger.ts";
import { ledgerCsv } from "./ledger-csv.ts";
import { openLedger } from "./sqlite-ledger.ts";

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "krait-ledger-"));
});
afterAll(() => rm(folder, { recursive: true }));

const entry = (id: number, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  ...{
    id: `r${id}`,
    time: Date.UTC(2026, 0, 1) + id,
    key: "alice",
    model: "tiny",
    endpoint: "/v1/completions",
  },
  ...{ promptTokens: 10, cachedTokens: 4, completionTokens: 5, reasoningTokens: 2 },
  ...{ cost: 0.000_000_1, outcome: "done" },
  ...more,
});

const csv = (path: string, options = {}) => [...ledgerCsv(path, options)].map((line) => line.trimEnd());

test("a request is a row with its tokens and its price, whether it ended well or its client left", async () => {
  const path = join(folder, "rows.sqlite");
  using ledger = openLedger(path);
  const prices = { tiny: { input: 2, output: 10, cachedInput: 1 } };
  await using tiny = await startTiny({ ledger, prices, keys: [{ name: "bob", key: "secret" }] });
  const headers = { authorization: "Bearer secret" };
  const messages = [{ role: "user", content: "Hello!" }];
  const ask = (more: object, init: RequestInit = {}) =>
    tiny.post("/v1/chat/completions", { messages, n: 2, ...more }, { headers, ...init });
  const response = await ask({});
  const { usage } = (await response.json()) as {
    usage: Record<string, number> & { prompt_tokens_details: { cached_tokens: number } };
  };
  const cached = usage.prompt_tokens_details.cached_tokens;
  const controller = new AbortController();
  const cut = await ask({ stream: true, n: 1 }, { signal: controller.signal });
  await cut.body!.getReader().read();
  controller.abort();
  await expect.poll(() => csv(path)).toHaveLength(3);

  const [names, first, second] = csv(path).map((line) => line.split(","));
  const column = (row: string[] | undefined, name: string) => row![names!.indexOf(name)];
  expect(names!.slice(0, 5)).toEqual(["id", "time", "key", "model", "endpoint"]);
  expect(column(first, "id")).toBe(response.headers.get("x-request-id")!.slice("req_".length));
  expect(column(first, "key")).toBe("bob");
  expect(column(first, "endpoint")).toBe("/v1/chat/completions");
  expect(Number(column(first, "prompt_tokens"))).toBe(usage.prompt_tokens);
  expect(Number(column(first, "completion_tokens"))).toBe(usage.completion_tokens);
  const cost = ((usage.prompt_tokens! - cached) * 2 + cached + usage.completion_tokens! * 10) / 1e6;
  expect(Number(column(first, "cost"))).toBeCloseTo(cost, 9);
  expect(column(first, "outcome")).toBe("done");
  expect(column(second, "outcome")).toBe("cancelled");
  expect(Number(column(second, "prompt_tokens"))).toBe(usage.prompt_tokens);
});

test("the CSV quotes what has commas and quotes, picks by key and time, and sums up", () => {
  const path = join(folder, "csv.sqlite");
  using ledger = openLedger(path);
  for (let id = 0; id < 3; id++) ledger.record(entry(id));
  ledger.record(entry(3, { key: 'a "b", c', cost: 1.5 }));
  ledger.record(entry(3, { key: "the same id again" }));
  expect(csv(path)).toHaveLength(5);
  expect(csv(path, { key: 'a "b", c' })[1]).toBe(
    'r3,2026-01-01T00:00:00.003Z,"a ""b"", c",tiny,/v1/completions,10,4,5,2,1.500000000,done',
  );
  const [since, until] = [1, 2].map((id) => new Date(entry(id).time));
  expect(csv(path, { since, until }).slice(1)).toEqual([expect.stringMatching(/^r1,/)]);
  expect(csv(path, { summary: true })).toEqual([
    "key,model,requests,prompt_tokens,cached_tokens,completion_tokens,reasoning_tokens,cost",
    '"a ""b"", c",tiny,1,10,4,5,2,1.500000000',
    "alice,tiny,3,30,12,15,6,0.000000300",
  ]);
  expect(ledger.tokensSince("alice", entry(1).time)).toBe(30);
});

test("on a full disk entries wait, then nothing that costs is done, and all are written once there is room", async () => {
  const path = join(folder, "full.sqlite");
  const troubles: unknown[] = [];
  const limits = { maxBytes: 40_000, maxPending: 3 };
  using ledger = openLedger(path, { ...limits, onTrouble: (error) => troubles.push(error) });
  let filled = 0;
  while (ledger.pending === 0) ledger.record(entry(filled++, { endpoint: "x".repeat(500) }));
  expect(troubles).toEqual([expect.objectContaining({ message: expect.stringMatching(/full/) })]);

  await using tiny = await startTiny({ ledger });
  const ask = () => tiny.post("/v1/completions", { prompt: "Hello", max_tokens: 2 });
  expect((await ask()).status).toBe(200);
  expect((await ask()).status).toBe(200);
  const refused = await ask();
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "ledger_unavailable" } });
  expect((await fetch(`${tiny.server.url}/ready`)).status).toBe(503);
  expect(await (await fetch(`${tiny.server.url}/metrics`)).text()).toContain("krait_ledger_pending 3");

  using other = new DatabaseSync(path);
  other.exec("DELETE FROM entry WHERE id IN (SELECT id FROM entry LIMIT 20)");
  ledger.flush();
  expect(ledger.pending).toBe(0);
  expect(troubles.at(-1)).toBeUndefined();
  expect((await ask()).status).toBe(200);
  expect(csv(path)).toHaveLength(1 + filled - 20 + 3);
});

test("a file that is something else is refused, and left as it is", async () => {
  const path = join(folder, "other.txt");
  await writeFile(path, "This is a text of a few words, and no database at all.");
  expect(() => openLedger(path)).toThrow(expect.objectContaining({ code: "LEDGER_INVALID", path }));
  const newer = join(folder, "newer.sqlite");
  using database = new DatabaseSync(newer);
  database.exec("PRAGMA user_version = 99");
  expect(() => openLedger(newer)).toThrow(/version 99/);
  expect(() => csv(join(folder, "missing.sqlite"))).toThrow(
    expect.objectContaining({ code: "LEDGER_INVALID" }),
  );
});

test("a Node without SQLite is told so", () => {
  const absent = vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
  try {
    expect(() => openLedger(join(folder, "none.sqlite"))).toThrow(
      expect.objectContaining({ code: "LEDGER_UNAVAILABLE", message: expect.stringMatching(/Node 22/) }),
    );
  } finally {
    absent.mockRestore();
  }
});

import { describe, expect, test } from "vitest";
import { type Act, answerOf, scriptedHost, scriptedModel } from "../../test-support/scripted-model.ts";
import type { Capabilities } from "../capabilities/capabilities.ts";
import { branchCount, shownPath } from "../conversation/conversation.ts";
import { textOf } from "../conversation/turn.ts";
import type { ModelCache } from "../model/model-cache.ts";
import type { ModelHost } from "../model/model-host.ts";
import { defaultSettings, type Settings } from "../settings/settings.ts";
import { Playground } from "./playground.ts";

const capabilities: Capabilities = {
  webgpu: "missing",
  wasmSimd: true,
  crossOriginIsolated: true,
  privateFiles: true,
  sharedWorkers: true,
  offline: true,
};

async function open(host: ModelHost): Promise<Playground> {
  const playground = new Playground(host, { ...defaultSettings, systemPrompt: "Be brief." });
  playground.store.dispatch({ type: "capabilities-detected", capabilities });
  await playground.loadModel({ kind: "embedded" });
  return playground;
}

const openWith = (...answers: readonly (readonly Act[])[]) => {
  const model = scriptedModel("scripted", answers);
  return open(scriptedHost(async () => model)).then((playground) => ({ playground, model }));
};

const conversationOf = ({ store: { state } }: Playground) => state.conversations[state.current]!;
const said = (playground: Playground) => shownPath(conversationOf(playground)).map(textOf);
const lastTurn = (playground: Playground) => shownPath(conversationOf(playground)).at(-1)!;

describe("a conversation", () => {
  test("gets an answer to what was said, from the model's own words on", async () => {
    const { playground, model } = await openWith(answerOf("Hello."), answerOf("Bye."));
    await playground.send("Hi");
    await playground.send("Bye");
    expect(said(playground)).toEqual(["Hi", "Hello.", "Bye", "Bye."]);
    expect(lastTurn(playground)).toMatchObject({ state: "done", author: "scripted" });
    expect(model.requests[1]![0]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "Hi" },
      { role: "assistant", content: "Hello." },
      { role: "user", content: "Bye" },
    ]);
  });

  test("branches where a turn is edited, and the model hears of that branch alone", async () => {
    const { playground, model } = await openWith(answerOf("one"), answerOf("two"), answerOf("three"));
    await playground.send("a");
    await playground.send("b");
    const [first] = shownPath(conversationOf(playground));
    await playground.edit(first!.id, "A");
    expect(said(playground)).toEqual(["A", "three"]);
    expect(model.requests[2]![0]).toEqual([
      { role: "system", content: "Be brief." },
      { role: "user", content: "A" },
    ]);
    playground.showTurn(first!.id);
    expect(said(playground)).toEqual(["a", "one", "b", "two"]);
    expect(branchCount(conversationOf(playground))).toBe(2);
  });

  test("has an answer given again beside the one that it had", async () => {
    const { playground } = await openWith(answerOf("one"), answerOf("two"), answerOf("three"));
    await playground.send("a");
    const answer = lastTurn(playground);
    await playground.regenerate(answer.id);
    expect(said(playground)).toEqual(["a", "two"]);
    await playground.regenerate(answer.parent!);
    expect(said(playground)).toEqual(["a", "three"]);
    expect(branchCount(conversationOf(playground))).toBe(3);
  });

  test("goes on from words that were put in the model's mouth", async () => {
    const { playground, model } = await openWith(answerOf("no"), answerOf("so it is"));
    await playground.send("a");
    await playground.edit(lastTurn(playground).id, "yes");
    expect(lastTurn(playground)).toMatchObject({ author: "edited", state: "done" });
    await playground.send("b");
    expect(said(playground)).toEqual(["a", "yes", "b", "so it is"]);
    expect(model.requests[1]![0][2]).toEqual({ role: "assistant", content: "yes" });
  });

  test("begins a branch after any turn, and keeps what followed it", async () => {
    const { playground } = await openWith(answerOf("one"), answerOf("two"), answerOf("three"));
    await playground.send("a");
    const answer = lastTurn(playground);
    await playground.send("b");
    playground.branchAfter(answer.id);
    expect(said(playground)).toEqual(["a", "one"]);
    await playground.send("c");
    expect(said(playground)).toEqual(["a", "one", "c", "three"]);
    expect(branchCount(conversationOf(playground))).toBe(2);
  });

  test("that is deleted makes way for the last other one, or for a new one", async () => {
    const { playground } = await openWith(answerOf("one"));
    await playground.send("a");
    const { id } = conversationOf(playground);
    playground.startConversation();
    await playground.send("b");
    playground.deleteConversation(conversationOf(playground).id);
    expect(conversationOf(playground).id).toBe(id);
    playground.deleteConversation(id);
    expect(said(playground)).toEqual([]);
    expect(Object.keys(playground.store.state.conversations)).toHaveLength(1);
  });
});

describe("the next visit", () => {
  const host = scriptedHost(async () => scriptedModel("scripted", [answerOf("a")]));
  const removed: string[] = [];
  const cache: ModelCache = {
    list: async () => [],
    room: async () => ({ usedBytes: 0, quotaBytes: 0 }),
    remove: async (address) => void removed.push(address),
  };
  const begin = (settings: Settings): Playground => {
    const playground = new Playground(host, settings, cache);
    playground.store.dispatch({ type: "capabilities-detected", capabilities });
    return playground;
  };
  const loaded = () => host.loads.at(-1)!.source;

  test("begins with the model that was loaded last", async () => {
    const first = begin(defaultSettings);
    await first.loadModel({ kind: "address", address: "org/name" });
    await begin(first.store.state.settings).loadLastModel();
    expect(loaded()).toEqual({ kind: "address", address: "org/name" });
    await first.loadModel({ kind: "embedded" });
    await begin(first.store.state.settings).loadLastModel();
    expect(loaded()).toEqual({ kind: "embedded" });
  });

  test("does not bring back what was deleted", async () => {
    const first = begin(defaultSettings);
    await first.loadModel({ kind: "address", address: "org/other" });
    await first.loadModel({ kind: "address", address: "org/name:Q4_0" });
    await first.deleteModel("org/name:name-Q4_0.gguf");
    expect(removed).toEqual(["org/name:name-Q4_0.gguf"]);
    expect(first.store.state.recentModels).toEqual(["org/other"]);
    await begin(first.store.state.settings).loadLastModel();
    expect(loaded()).toEqual({ kind: "embedded" });
  });
});

describe("an answer", () => {
  const forEver = new Promise(() => {});

  test("that is stopped keeps what it had", async () => {
    const { playground } = await openWith([...answerOf("Half").slice(0, 3), forEver]);
    const answered = playground.send("a");
    await expect.poll(() => said(playground)).toEqual(["a", "Half"]);
    playground.stop();
    await answered;
    expect(lastTurn(playground)).toMatchObject({ state: "stopped" });
    expect(said(playground)).toEqual(["a", "Half"]);
    expect(playground.store.state.generating).toBeUndefined();
  });

  test("is asked for at once when its reasoning has gone on for long enough", async () => {
    const { playground, model } = await openWith([...answerOf("Hm").slice(0, 3), forEver]);
    const answered = playground.send("a");
    await expect.poll(() => said(playground)).toEqual(["a", "Hm"]);
    playground.endThinking();
    expect(model.endThinkingCalls).toBe(1);
    playground.stop();
    await answered;
  });

  test("that fails says why, and can be asked for again", async () => {
    const { playground } = await openWith([new Error("The context is full.")], answerOf("fine"));
    await playground.send("a");
    expect(lastTurn(playground)).toMatchObject({ state: "failed", error: "The context is full." });
    await playground.regenerate(lastTurn(playground).id);
    expect(said(playground)).toEqual(["a", "fine"]);
  });

  test("is given one at a time", async () => {
    const { playground, model } = await openWith([
      ...answerOf("one"),
      new Promise((done) => setTimeout(done, 5)),
    ]);
    const answered = playground.send("a");
    await playground.send("b");
    await answered;
    expect(model.requests).toHaveLength(1);
    expect(said(playground)).toEqual(["a", "one"]);
  });

  test("records the texts of tokens and candidates where their probabilities are known", async () => {
    const top = [
      { token: 7, logprob: -0.1 },
      { token: 8, logprob: -2 },
    ];
    const token = {
      type: "token",
      token: 7,
      position: 1,
      reasoning: false,
      forced: false,
      logprob: -0.1,
      top,
    } as const;
    const { playground } = await openWith([
      { type: "step", step: 1 },
      token,
      { ...token, token: 8, logprob: -2 },
    ]);
    await playground.send("a");
    const turn = lastTurn(playground);
    expect(turn.role === "assistant" && turn.steps[0]!.tokens.map(({ text }) => text)).toEqual([
      "<7>",
      "<8>",
    ]);
    expect(turn.role === "assistant" && turn.steps[0]!.tokens[0]!.candidates[1]).toEqual({
      text: "<8>",
      logprob: -2,
    });
  });

  test("begins anew on a model that is loaded again when the device is lost", async () => {
    const lost = Object.assign(new Error("The driver was reset."), { code: "BACKEND_LOST" });
    const first = scriptedModel("scripted", [[...answerOf("Hal").slice(0, 3), lost]]);
    const second = scriptedModel("scripted", [answerOf("Whole.")]);
    const host = scriptedHost(
      async () => first,
      async () => second,
    );
    const playground = await open(host);
    const statuses: string[] = [];
    playground.store.subscribe(() => statuses.push(playground.store.state.model.status));
    await playground.send("a");
    expect(statuses).toContain("recovering");
    expect(first.disposed).toBe(true);
    expect(said(playground)).toEqual(["a", "Whole."]);
    expect(lastTurn(playground)).toMatchObject({ state: "done" });
  });

  test("fails when the device is lost again and again", async () => {
    const lost = Object.assign(new Error("The driver was reset."), { code: "BACKEND_LOST" });
    const host = scriptedHost(async () => scriptedModel("scripted", [[lost]]));
    const playground = await open(host);
    await playground.send("a");
    expect(lastTurn(playground)).toMatchObject({ state: "failed", error: "The driver was reset." });
    expect(host.loads).toHaveLength(3);
  });
});

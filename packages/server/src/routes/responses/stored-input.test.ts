import OpenAI from "openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTiny, type TinyServer } from "../../../test-support/running-server.ts";

let tiny: TinyServer;
let client: OpenAI;
beforeAll(async () => {
  tiny = await startTiny();
  client = new OpenAI({ baseURL: `${tiny.server.url}/v1`, apiKey: "none", maxRetries: 0 });
});
afterAll(() => tiny[Symbol.asyncDispose]());

type Input = OpenAI.Responses.ResponseInput;

const say = (text: string) => ({ role: "user", content: text }) as const;
const call = { type: "function_call", call_id: "call_1", name: "look", arguments: '{"at":"sky"}' } as const;
const result = {
  type: "function_call_output" as const,
  call_id: "call_1",
  output: [{ type: "input_text" as const, text: "blue" }],
};
const ask = (input: string | Input, more: Partial<OpenAI.Responses.ResponseCreateParamsNonStreaming> = {}) =>
  client.responses.create({ model: "tiny", input, max_output_tokens: 40, temperature: 0, ...more });

async function itemsOf(id: string, query: OpenAI.Responses.InputItemListParams = { order: "asc" }) {
  const items: OpenAI.Responses.ResponseItem[] = [];
  for await (const item of client.responses.inputItems.list(id, query)) items.push(item);
  return items;
}

test("what a request brought is listed in full, each item with an id of its own", async () => {
  const text = [{ type: "input_text", text: "Be kind." }] as const;
  const input = [{ role: "developer", content: [...text] }, say("What is up?"), call, result] satisfies Input;
  const { id } = await ask(input, { instructions: "Be brief." });
  const items = await itemsOf(id);
  const status = "completed";
  const anId = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[0-9a-f]{24}i\\d$`));
  expect(items).toEqual([
    { id: anId("msg"), type: "message", status, role: "developer", content: text },
    {
      ...{ id: anId("msg"), type: "message", status, role: "user" },
      content: [{ type: "input_text", text: "What is up?" }],
    },
    { id: anId("fc"), status, ...call },
    { id: anId("fco"), status, ...result },
  ]);
  expect(new Set(items.map((item) => item.id)).size).toBe(4);
  expect(await itemsOf((await ask("Hello!")).id)).toMatchObject([{ content: [{ text: "Hello!" }] }]);
});

test("the list is read page by page, the latest first unless asked otherwise", async () => {
  const { id } = await ask(["a", "b", "c", "d", "e"].map(say));
  const texts = (items: readonly object[]) =>
    items.map((item) => (item as { content: [{ text: string }] }).content[0].text).join("");
  expect(texts(await itemsOf(id, {}))).toBe("edcba");
  expect(texts(await itemsOf(id, { order: "asc", limit: 2 }))).toBe("abcde");
  const first = await client.responses.inputItems.list(id, { limit: 2 });
  expect(texts(first.data)).toBe("ed");
  expect(first.has_more).toBe(true);
  const rest = await client.responses.inputItems.list(id, { limit: 3, after: first.data[1]!.id! });
  expect(texts(rest.data)).toBe("cba");
  expect(rest.has_more).toBe(false);
  const response = await fetch(`${tiny.server.url}/v1/responses/${id}/input_items?limit=3`);
  const [first_id, last_id] = [first.data[0]!.id, rest.data[0]!.id];
  expect(await response.json()).toMatchObject({ object: "list", first_id, last_id });
});

test("what came before is listed, too, and items that were sent back keep their ids", async () => {
  const first = await ask("Hello!");
  const second = await ask([say("Again!")], { previous_response_id: first.id });
  const third = await ask([say("More!")], { previous_response_id: second.id });
  const ids = (await itemsOf(third.id)).map((item) => item.id);
  const [hello, again] = [(await itemsOf(first.id))[0]!.id, (await itemsOf(second.id)).at(-1)!.id];
  const answers = [first, second].map(({ output }) => output.map((item) => item.id));
  expect(ids.slice(0, -1)).toEqual([hello, ...answers[0]!, again, ...answers[1]!]);

  const resent = await ask([say("Hello!"), ...(first.output as Input), say("Again!")]);
  expect(resent.output_text).toBe(second.output_text);
  const known = (await itemsOf(resent.id)).map((item) => item.id);
  expect(known.slice(1, -1)).toEqual(answers[0]);
  expect(known[0]).not.toBe(hello);
});

test("a reference finds an item of a request as it finds one of an answer", async () => {
  const input = [say("What color is the sky?"), call, result] satisfies Input;
  const first = await ask(input);
  const references = (await itemsOf(first.id)).map(
    ({ id }) => ({ type: "item_reference", id: id! }) as const,
  );
  const again = await ask(references);
  expect(again.usage!.input_tokens).toBe(first.usage!.input_tokens);
  expect(again.output_text).toBe(first.output_text);
  expect((await itemsOf(again.id)).map(({ id }) => id)).toEqual(references.map(({ id }) => id));
  await client.responses.delete(first.id);
  await expect(ask(references)).rejects.toMatchObject({
    ...{ status: 404, type: "invalid_request_error", param: "input", code: "item_not_found" },
    message: expect.stringContaining(`Item with id '${references[0]!.id}' not found.`),
  });
});

test("there is no list of what is not kept, and none by what is no page", async () => {
  const unkept = await ask("Hello!", { store: false });
  for (const id of [unkept.id, "resp_0"]) {
    await expect(itemsOf(id)).rejects.toMatchObject({ status: 404, type: "invalid_request_error" });
  }
  const { id } = await ask("Hello!");
  for (const [param, value] of [
    ["limit", "0"],
    ["limit", "101"],
    ["limit", "some"],
    ["order", "up"],
    ["after", "msg_0"],
  ] as const) {
    const response = await fetch(`${tiny.server.url}/v1/responses/${id}/input_items?${param}=${value}`);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
  }
});

import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ChatModel } from "../chat-model.ts";
import { demoTools } from "../demo-tools.ts";
import { loadModel } from "../load-model.ts";
import { toolSchema } from "../run-tools.ts";

let model: ChatModel;
beforeAll(async () => {
  model = await loadModel();
});
afterAll(() => model[Symbol.asyncDispose]());

const say = (content: string) => [{ role: "user" as const, content }];
const tools = demoTools().map(toolSchema);
const maxTokens = 300;

describe.each(["on", "off"] as const)("with reasoning %s", (reasoning) => {
  test.each([0, 1.2])(
    "an answer is JSON of its schema, whatever the model would say at temperature %d",
    async (temperature) => {
      const schema = {
        type: "object",
        properties: {
          city: { enum: ["Paris", "Rome"] },
          degrees: { type: "integer", minimum: -9, maximum: 39 },
        },
        required: ["city", "degrees"],
      };
      for (let seed = 0; seed < 4; seed++) {
        const options = {
          reasoning,
          maxTokens,
          format: { type: "json-schema", schema },
          sampling: { temperature, seed },
        } as const;
        const { text, finishReason } = await model.chat(say("Tell me a joke."), options).result();
        const value = JSON.parse(text);
        expect(["Paris", "Rome"]).toContain(value.city);
        expect(value.degrees).toBeGreaterThanOrEqual(-9);
        expect(value.degrees).toBeLessThanOrEqual(39);
        expect(Object.keys(value)).toEqual(["city", "degrees"]);
        expect(finishReason).toBe("stop");
      }
    },
  );

  test("an answer is one of the choices, or what the pattern matches", async () => {
    const choices = ["certainly", "certainly not"];
    const chosen = await model
      .chat(say("Hello!"), { reasoning, maxTokens, format: { type: "choice", choices } })
      .result();
    expect(choices).toContain(chosen.text);
    const pattern = "[a-c]{3}-\\d{2}";
    const matched = await model
      .chat(say("Hello!"), { reasoning, maxTokens, format: { type: "regex", pattern } })
      .result();
    expect(matched.text).toMatch(/^[a-c]{3}-\d{2}$/);
  });

  test("a required call is made, of the tool that is named, with arguments of its schema", async () => {
    const named = await model
      .chat(say("Hello!"), { reasoning, maxTokens, tools, toolChoice: { name: "get_weather" } })
      .result();
    expect(named.finishReason).toBe("tool-calls");
    expect(named.toolCalls.map(({ name }) => name)).toContain("get_weather");
    for (const call of named.toolCalls)
      expect(JSON.parse(call.arguments)).toEqual({ city: expect.any(String) });
    const one = await model
      .chat(say("What is the weather in Paris and Tokyo?"), {
        reasoning,
        maxTokens,
        tools,
        parallelToolCalls: false,
      })
      .result();
    expect(one.toolCalls).toHaveLength(1);
  });
});

test("reasoning is not held to the format", async () => {
  const format = { type: "choice", choices: ["85"] } as const;
  const { reasoning, text } = await model.chat(say("What is 47 + 38?"), { reasoning: "on", format }).result();
  expect(reasoning).toMatch(/\w/);
  expect(text).toBe("85");
});

test("an answer that has begun is held to its format as a whole", async () => {
  const schema = { type: "object", properties: { city: { enum: ["Paris", "Rome"] } }, required: ["city"] };
  const goOn = (start: string) =>
    model.chat([...say("Tell me a joke."), { role: "assistant", content: start }], {
      ...{ reasoning: "off", maxTokens, format: { type: "json-schema", schema } },
    } as const);
  for (const start of ['{ "ci', '<think>Rome?</think>\n\n{"city": "R']) {
    const answer = start.slice(start.indexOf("{")) + (await goOn(start).result()).text;
    expect(["Paris", "Rome"]).toContain(JSON.parse(answer).city);
  }
  expect(() => goOn("Here it is: {")).toThrow(expect.objectContaining({ code: "GRAMMAR_OPTION" }));
});

test("tools that are not to be called are not shown to the model", async () => {
  const with_ = model.chat(say("What is the weather in Paris?"), { tools, toolChoice: "none", maxTokens });
  const without = model.chat(say("What is the weather in Paris?"), { maxTokens });
  const [a, b] = [await with_.result(), await without.result()];
  expect(a.toolCalls).toEqual([]);
  expect(a.usage.promptTokens).toBe(b.usage.promptTokens);
});

test("of the tools that the model is told of, those that are allowed are called, and no other", async () => {
  const weather = say("What is the weather in Paris?");
  const [first] = (await model.chat(weather, { tools, maxTokens }).result()).toolCalls;
  expect(first!.name).toBe("get_weather");
  const others = demoTools()
    .map(({ name }) => name)
    .filter((name) => name !== "get_weather");
  const all = await model.chat(weather, { tools, maxTokens: 1 }).result();
  for (const toolChoice of ["required", "auto", undefined] as const) {
    for (let seed = 0; seed < 3; seed++) {
      const answer = model.chat(weather, {
        ...{ tools, toolChoice, allowedTools: others, maxTokens },
        sampling: { temperature: 1, seed },
      });
      const { toolCalls, text, usage } = await answer.result();
      expect(usage.promptTokens).toBe(all.usage.promptTokens);
      if (toolChoice === "required") expect(toolCalls.length).toBeGreaterThan(0);
      for (const { name } of toolCalls) expect(others).toContain(name);
      expect(text).not.toContain("<TOOLCALL>");
    }
  }
  const refused = (allowedTools: string[]) => () => model.chat(weather, { tools, allowedTools });
  const because = (text: string) =>
    expect.objectContaining({ code: "GRAMMAR_OPTION", message: expect.stringContaining(text) });
  expect(refused(["strange"])).toThrow(because('"strange", but the tools are: "'));
  expect(refused([])).toThrow(because("none of the tools"));
});

test("a tool loop whose call is required ends in an answer", async () => {
  const run = model.runTools(say("What is 47 + 38?"), {
    tools: demoTools(),
    toolChoice: "required",
    maxTokens,
  });
  const { text, messages } = await run.result();
  expect(messages.filter(({ role }) => role === "tool").length).toBeGreaterThan(0);
  expect(text).toMatch(/\S/);
});

test("that a tool is strict is enforced, and no part of the prompt", async () => {
  const usage = async (strict?: boolean) => {
    const tool = { name: "f", parameters: { type: "object" }, ...(strict && { strict }) };
    return (await model.chat(say("Hello!"), { tools: [tool], maxTokens: 1 }).result()).usage.promptTokens;
  };
  expect(await usage(true)).toBe(await usage());
  const strange = { name: "f", parameters: { type: "object", patternProperties: {} }, strict: true };
  expect(() => model.chat(say("Hi"), { tools: [strange], toolChoice: "auto" })).toThrow(
    expect.objectContaining({ keyword: "patternProperties" }),
  );
});

test("what cannot be enforced is refused at once, by name", async () => {
  const schema = { type: "string", not: {} };
  expect(() => model.chat(say("Hi"), { format: { type: "json-schema", schema } })).toThrow(
    expect.objectContaining({ code: "GRAMMAR_SCHEMA", keyword: "not" }),
  );
  const strange = { name: "f", parameters: { type: "object", patternProperties: {} } };
  expect(() => model.chat(say("Hi"), { tools: [strange], toolChoice: "required" })).toThrow(
    expect.objectContaining({ keyword: "patternProperties", message: expect.stringContaining("f#") }),
  );
  const others = [strange, { name: "g" }];
  const named = model.chat(say("Hi"), { tools: others, toolChoice: { name: "g" }, maxTokens: 1 });
  await expect(named.result()).resolves.toBeDefined();
  expect(() => model.chat(say("Hi"), { tools: [strange], toolChoice: "auto", maxTokens: 1 })).not.toThrow();
});

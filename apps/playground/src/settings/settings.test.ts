import { describe, expect, test } from "vitest";
import { chatOptionsOf } from "./chat-options.ts";
import { defaultSettings, isInRange, settingsOf, storedSettings } from "./settings.ts";

describe("stored settings", () => {
  test("that this version does not know are left out, and those that it lacks are the defaults", () => {
    const stored = { theme: "dark", fontSize: 12 };
    expect(settingsOf(stored)).toEqual({ ...defaultSettings, theme: "dark" });
    expect(settingsOf(undefined)).toEqual(defaultSettings);
    expect(settingsOf("dark")).toEqual(defaultSettings);
  });

  test.each([
    ["theme", "pink"],
    ["backend", "toaster"],
    ["sharing", "sometimes"],
    ["temperature", 3],
    ["temperature", Number.NaN],
    ["topK", 1.5],
    ["thinkingBudget", -1],
    ["reasoning", "yes"],
    ["systemPrompt", 5],
    ["tools", [{ name: "incomplete" }]],
  ])("%s of %j is not taken", (key, value) => {
    expect(settingsOf({ [key]: value })).toEqual(defaultSettings);
  });

  test("come back as they were", () => {
    const settings = { ...defaultSettings, reasoning: false, thinkingBudget: 0, temperature: 0, tools: [] };
    expect(settingsOf(structuredClone(settings))).toEqual(settings);
  });
});

test("a token is stored only by those who wish it", () => {
  const settings = { ...defaultSettings, hubToken: "secret" };
  expect(JSON.stringify(storedSettings(settings))).not.toContain("secret");
  expect(storedSettings({ ...settings, keepHubToken: true }).hubToken).toBe("secret");
});

test("a number is in range when it is as whole as its step", () => {
  expect(isInRange("topK", 40)).toBe(true);
  expect(isInRange("topK", 0.5)).toBe(false);
  expect(isInRange("topP", 0.5)).toBe(true);
  expect(isInRange("topP", 0)).toBe(false);
});

describe("a request", () => {
  test("leaves to the model what is not set", () => {
    expect(chatOptionsOf({ ...defaultSettings, recordProbabilities: false })).toEqual({
      reasoning: "on",
      loopDetector: true,
      sampling: {},
    });
  });

  test("is held to a JSON schema, and to nothing while that is being written", () => {
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const whole = chatOptionsOf({ ...defaultSettings, jsonSchema: JSON.stringify(schema) });
    expect(whole.format).toEqual({ type: "json-schema", schema });
    for (const jsonSchema of ["", '{"type":', "[]", "5"]) {
      expect(chatOptionsOf({ ...defaultSettings, jsonSchema })).not.toHaveProperty("format");
    }
  });

  test("has what is set, zeros among it", () => {
    const set = {
      ...defaultSettings,
      reasoning: false,
      thinkingBudget: 0,
      maxTokens: 9,
      temperature: 0,
      seed: 7,
    };
    expect(chatOptionsOf(set)).toEqual({
      reasoning: "off",
      loopDetector: true,
      thinking: { budget: 0 },
      maxTokens: 9,
      sampling: { temperature: 0, seed: 7, logprobs: 5 },
    });
  });
});

import { HubError } from "@krait/hub";
import { expect, test } from "vitest";
import { failureText } from "./failure-text.ts";

const hub = "https://hub.example";
const failure = (code: HubError["code"], details: { model: string; actual?: number }) =>
  failureText(new HubError({ code, message: "Set HF_TOKEN.", ...details }), hub);

test.each([
  ["HUB_MODEL_NOT_FOUND", { model: "org/name" }, /"org\/name" at https:\/\/hub\.example.*in the settings/],
  ["HUB_ACCESS_DENIED", { model: "org/name", actual: 403 }, /terms at https:\/\/hub\.example\/org\/name/],
  [
    "HUB_REQUEST_FAILED",
    { model: "org/name" },
    /hub\.example cannot be reached, and "org\/name" is not kept/,
  ],
  ["HUB_REQUEST_FAILED", { model: "org/name", actual: 503 }, /answered 503 again and again/],
  ["HUB_REQUEST_FAILED", { model: "https://example.org/a.gguf" }, /server cannot be reached.*\(CORS\)/],
] as const)("%s of %j says what to do in a page", (code, details, text) => {
  expect(failure(code, details)).toMatch(text);
  expect(failure(code, details)).not.toContain("HF_");
});

test("what a schema asks for in vain is said to be the schema's fault", () => {
  const error = Object.assign(new Error('"type" at # cannot be enforced.'), { code: "GRAMMAR_SCHEMA" });
  expect(failureText(error, hub)).toBe(
    'Answers cannot be held to the JSON schema in the settings. "type" at # cannot be enforced.',
  );
});

test("all else is said in its own words", () => {
  expect(failureText(new Error("The disk is full."), hub)).toBe("The disk is full.");
  expect(failureText("no", hub)).toBe("no");
});

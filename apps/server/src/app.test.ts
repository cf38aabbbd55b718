import { expect, test } from "vitest";
import { createApp } from "./app.ts";

test("the page and the model's API are served side by side", async () => {
  await using app = await createApp();
  const page = await app.fetch(new Request("http://localhost/"));
  expect(await page.text()).toContain("/v1/chat/completions");
  const answer = await app.fetch(
    new Request("http://localhost/v1/chat/completions", {
      method: "POST",
      headers: { "content-type": "application/json", origin: "http://localhost" },
      body: JSON.stringify({ messages: [{ role: "user", content: "What is 47 + 38?" }] }),
    }),
  );
  expect(await answer.json()).toMatchObject({ choices: [{ message: { content: "47 + 38 = 85\n" } }] });
});

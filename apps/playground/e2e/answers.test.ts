import { modelUrl } from "@krait/tiny-model";
import { findModel, openTextFiles } from "krait";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

/** The tokens that the model ends its reasoning with. */
async function closingTokens(): Promise<readonly number[]> {
  const { tokenizer } = await openTextFiles(await findModel(modelUrl));
  const ids = tokenizer!.encode("\n</think>");
  return ids.filter((id) => tokenizer!.tokenText(id).includes("<"));
}

/**
 * Has the page ask for answers without some tokens, which do not end by themselves: the embedded model's thoughts
 * are short otherwise. @returns what undoes that.
 */
async function forbid(page: Page, tokens: readonly number[]): Promise<AsyncDisposable> {
  await page.evaluate((ids) => {
    type Request = {
      method?: string;
      args: [unknown, { sampling: object; ignoreEndTokens?: boolean; loopDetector?: unknown }];
    };
    const original = Worker.prototype.postMessage;
    const postMessage = function (this: Worker, message: Request): void {
      if (message.method === "chat") {
        const [, options] = message.args;
        options.ignoreEndTokens = true;
        options.loopDetector = undefined;
        options.sampling = { ...options.sampling, logitBias: new Map(ids.map((id) => [id, -1000])) };
      }
      original.call(this, message);
    };
    Object.assign(Worker.prototype, { postMessage });
    Object.assign(globalThis, {
      undo: () => void Object.assign(Worker.prototype, { postMessage: original }),
    });
  }, tokens);
  return {
    [Symbol.asyncDispose]: () => page.evaluate(() => (globalThis as unknown as { undo(): void }).undo()),
  };
}

/** One visit for all of them, since loading a page and its model takes longer than an answer. */
describe("in the playground", () => {
  let site: Site;
  let browser: Browser;
  let visit: Visit;
  beforeAll(async () => {
    [site, browser] = await Promise.all([Site.open(), launchBrowser()]);
    visit = await Visit.begin(browser, site.url, { serviceWorkers: "block" });
    await visit.untilReady();
  });
  beforeEach(() => visit.startAnew());
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });

  test("the embedded model answers, with reasoning and without", async () => {
    const { page } = visit;
    await visit.say("Hello!");
    expect(await visit.answer()).toMatch(/Thought for .* · \d+ tokens[\s\S]*I'm a tiny demo model/);
    await page.locator(".reasoning-summary").last().click();
    expect(await page.locator(".reasoning-text").innerText()).toContain("The user greets me");
    await page.getByRole("button", { name: "Reasoning" }).click();
    await visit.say("Who are you?");
    expect(await visit.answer()).not.toContain("Thought");
    expect(await visit.answer()).toMatch(/\d tokens\/s · \d+ of \d+ prompt tokens cached/);
    expect(visit.errors).toEqual([]);
  });

  test("reasoning that goes on for too long is ended by a button, and the answer comes", async () => {
    const { page } = visit;
    await using _ = await forbid(page, await closingTokens());
    await visit.openPanel("Settings");
    await page.getByLabel("Answer at most, tokens").fill("1000");
    await page.getByLabel("Message", { exact: true }).fill("Hello!");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Answer now" }).click();
    await visit.untilAnswered();
    expect(await visit.answer()).toMatch(/Thought for .* · \d+ tokens · ended by you\s+\S/);
  });

  test("an answer is held to a JSON schema", async () => {
    const { page } = visit;
    const schema = {
      type: "object",
      properties: { mood: { enum: ["calm", "wild"] }, ready: { type: "boolean" } },
      required: ["mood", "ready"],
      additionalProperties: false,
    };
    await visit.openPanel("Settings");
    const field = page.getByLabel("Answers as JSON");
    await field.fill("{");
    expect(await page.locator(".side-panel .failure").innerText()).toContain("no JSON schema yet");
    await field.fill(JSON.stringify(schema));
    await page.getByRole("button", { name: "2 tools" }).click();
    await visit.say("Hello!");
    const text = await page.locator(".answer .markdown").innerText();
    const answer = JSON.parse(text);
    expect(Object.keys(answer)).toEqual(["mood", "ready"]);
    expect(["calm", "wild"]).toContain(answer.mood);
    expect(typeof answer.ready).toBe("boolean");
  });

  test("tools that the model calls are run, and it is given what they return", async () => {
    await visit.say("What is 47 + 38?");
    const call = visit.page.getByRole("group", { name: "Call of calculate" });
    expect(await call.innerText()).toMatch(/returned[\s\S]*47 \+ 38[\s\S]*\{ "result": 85 \}/);
    expect(await visit.answer()).toContain("47 + 38 = 85");
  });

  test("every branch of a conversation is kept, and tokens of an answer have their candidates", async () => {
    const { page } = visit;
    /** Of the prompt of the last answer, those that had not been computed before. */
    const readTokens = async (): Promise<number> => {
      const [, cached, all] = /([\d,]+) of ([\d,]+) prompt tokens cached/.exec(await visit.answer()) ?? [];
      return Number(all?.replace(",", "")) - Number(cached?.replace(",", ""));
    };
    await visit.say("Hello!");
    await visit.say("What is 2 + 2?");
    await page.getByLabel("Message", { exact: true }).press("ArrowUp");
    await page.getByLabel("Text of the turn").fill("Thank you, bye!");
    await page.keyboard.press("Control+Enter");
    await visit.untilAnswered();
    expect(await visit.answer()).toContain("Goodbye");
    // The branch takes up the states of what it shares with the other, and reads its own words alone.
    expect(await readTokens()).toBeLessThan(20);
    const branches = page.locator(".said").getByRole("group", { name: "Branches" });
    expect(await branches.innerText()).toContain("2 / 2");
    await branches.getByRole("button", { name: "Branch before" }).click();
    expect(await visit.answer()).toContain("4");
    await page.getByRole("button", { name: "Answer again" }).last().click();
    await visit.untilAnswered();
    await page.getByRole("button", { name: "Tokens and their probabilities" }).last().click();
    const tokens = page.getByRole("option");
    expect(await tokens.count()).toBeGreaterThan(10);
    await tokens.first().focus();
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(".token-candidates tr").count()).toBeGreaterThanOrEqual(5);
    expect(await page.locator(".token-candidates").innerText()).toMatch(/\d %/);
    await visit.openPanel("Branches");
    expect(await page.locator(".side-panel").innerText()).toContain("3 branches");
    await page.getByRole("button", { name: "What is 2 + 2?" }).last().click();
    expect(await page.locator(".said").last().innerText()).toContain("What is 2 + 2?");
  });

  test("a conversation can be had with the keyboard alone", async () => {
    const { page } = visit;
    const { keyboard } = page;
    const says = (text: string): Promise<void> => page.locator(".said:focus", { hasText: text }).waitFor();
    await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
    await keyboard.press("m");
    await page.getByRole("dialog").waitFor();
    await keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    await keyboard.press("/");
    await keyboard.type("Hello!");
    await keyboard.press("Enter");
    await visit.untilAnswered();
    await keyboard.press("ArrowUp");
    await keyboard.press("Control+a");
    await keyboard.type("Thank you, bye!");
    await keyboard.press("Control+Enter");
    await visit.untilAnswered();
    await keyboard.press("Alt+ArrowUp"); // the answer, which is the last turn
    await keyboard.press("Alt+ArrowUp");
    await says("Thank you, bye!");
    await keyboard.press("Alt+ArrowLeft");
    await says("Hello!");
    await keyboard.press("b");
    expect(await page.getByRole("complementary", { name: "Branches" }).isVisible()).toBe(true);
    await keyboard.press("Escape");
    expect(await page.getByRole("complementary", { name: "Branches" }).count()).toBe(0);
    await keyboard.press("n");
    await page.getByRole("heading", { name: "Talk to a model" }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Message");
  });

  test("a conversation is deleted by two presses in a row, and not by one", async () => {
    const { page } = visit;
    await visit.say("Hello!");
    const rows = page.locator(".conversations li");
    const before = await rows.count();
    const first = rows.first();
    await first.getByRole("button", { name: "Delete" }).click();
    await first.getByRole("button", { name: "Yes, delete" }).blur();
    await first.getByRole("button", { name: "Delete “Hello!”", exact: true }).click();
    expect(await rows.count()).toBe(before);
    await first.getByRole("button", { name: "Yes, delete “Hello!”" }).press("Enter");
    await expect.poll(() => rows.count()).toBe(before - 1);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("New conversation");
  });

  test("what each op takes is shown while an answer is written", async () => {
    const { page } = visit;
    await visit.openPanel("Performance");
    const panel = page.locator(".side-panel");
    expect(await panel.innerText()).toContain("Shown while an answer is written");
    await visit.say("What is the weather in Paris and Tokyo?");
    await page.locator(".op-times").waitFor();
    expect(await page.locator(".op-times").innerText()).toMatch(/linear\s+25\s+[\d.< ]+\s+[\d.]+ %/);
  });
});

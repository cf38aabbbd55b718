import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium } from "../../../tooling/chromium.ts";
import { accessibilityProblems } from "./axe.ts";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

const executablePath = findChromium();

if (executablePath === undefined) {
  test("the playground > needs Chromium", ({ skip }) => {
    skip("there is no Chromium here: install one, or name its command in the environment variable CHROMIUM");
  });
}

describe.runIf(executablePath !== undefined)("the playground", { timeout: 120_000 }, () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    [site, browser] = await Promise.all([Site.open(), launchBrowser(executablePath!)]);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });
  const begin = (options = {}) => Visit.begin(browser, site.url, options);

  test("loads the embedded model at once and answers, with reasoning and without", async () => {
    await using visit = await begin();
    await visit.untilReady();
    await visit.say("Hello!");
    expect(await visit.answer()).toMatch(/Thought for .* · \d+ tokens[\s\S]*I'm a tiny demo model/);
    const summary = visit.page.locator(".reasoning-summary").last();
    await summary.click();
    expect(await visit.page.locator(".reasoning-text").innerText()).toContain("The user greets me");
    await visit.page.getByRole("button", { name: "Reasoning" }).click();
    await visit.say("Who are you?");
    expect(await visit.answer()).not.toContain("Thought");
    expect(await visit.answer()).toMatch(/\d tokens\/s · \d+ of \d+ prompt tokens cached/);
    expect(visit.errors).toEqual([]);
  });

  test("runs the tools that the model calls and gives it what they return", async () => {
    await using visit = await begin();
    await visit.untilReady();
    await visit.say("What is 47 + 38?");
    const call = visit.page.getByRole("group", { name: "Call of calculate" });
    expect(await call.innerText()).toMatch(/returned[\s\S]*47 \+ 38[\s\S]*\{ "result": 85 \}/);
    expect(await visit.answer()).toContain("47 + 38 = 85");
  });

  test("keeps the code of a tool away from the network and the page, and ends it when its time is over", async () => {
    await using visit = await begin();
    const { page } = visit;
    await visit.openPanel("Tools");
    await page.getByRole("button", { name: "calculate", exact: true }).click();
    const outcome = page.locator(".trial output");
    const start = async (code: string): Promise<void> => {
      await page.getByLabel("JavaScript: the body").fill(code);
      await page.getByRole("button", { name: "Run" }).click();
    };
    const run = async (code: string): Promise<string> => {
      await start(code);
      return await outcome.innerText();
    };
    expect(await run("return [typeof document, typeof window, 1 + args.length];")).toBe(
      '["undefined","undefined",null]',
    );
    await page.getByLabel("Try it with arguments").fill('{"url":"/index.html"}');
    const reach = `
      const tries = [
        () => fetch("${site.url}index.html"),
        () => import("${site.url}assets/none.js"),
        () => importScripts("${site.url}assets/none.js"),
        () => new Promise((open, fail) => {
          const socket = new WebSocket("${site.url.replace("http", "ws")}");
          socket.onopen = open;
          socket.onerror = () => fail(new Error("refused"));
        }),
        () => new Promise((open, fail) => {
          const request = indexedDB.open("krait-playground");
          request.onsuccess = open;
          request.onerror = () => fail(request.error);
        }),
      ];
      const outcomes = [];
      for (const attempt of tries) {
        try { await attempt(); outcomes.push("reached"); } catch { outcomes.push("refused"); }
      }
      return outcomes;`;
    expect(JSON.parse(await run(reach))).toEqual(Array(5).fill("refused"));
    await start("for (;;);");
    await page.getByLabel("What it does, for the model").fill("The page goes on meanwhile.");
    expect(await outcome.innerText()).toContain("longer than");
  });

  test("keeps every branch of a conversation, and shows the tokens of an answer with their candidates", async () => {
    await using visit = await begin();
    const { page } = visit;
    await visit.untilReady();
    await visit.say("Hello!");
    await page.getByLabel("Message", { exact: true }).press("ArrowUp");
    await page.getByLabel("Text of the turn").fill("What is 2 + 2?");
    await page.keyboard.press("Control+Enter");
    await visit.untilAnswered();
    expect(await visit.answer()).toContain("4");
    const branches = page.locator(".said").getByRole("group", { name: "Branches" });
    expect(await branches.innerText()).toContain("2 / 2");
    await branches.getByRole("button", { name: "Branch before" }).click();
    expect(await visit.answer()).toContain("tiny demo model");
    await page.getByRole("button", { name: "Answer again" }).click();
    await visit.untilAnswered();
    await page.getByRole("button", { name: "Tokens and their probabilities" }).click();
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

  test("opens without a network from the second visit on, with what was said, and answers", async () => {
    await using visit = await begin();
    const { page } = visit;
    await visit.untilReady();
    await visit.say("Hello!");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    site.offline = true;
    try {
      await page.reload();
      await visit.untilReady();
      expect(await visit.answer()).toContain("tiny demo model");
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      await visit.say("Thank you, bye!");
      expect(await visit.answer()).toContain("Goodbye");
    } finally {
      site.offline = false;
    }
  });

  test("has nothing that axe finds wrong, in light colours and in dark ones", async () => {
    await using visit = await begin({ reducedMotion: "reduce" });
    const { page } = visit;
    const problems: string[] = [];
    const judge = async (place: string): Promise<void> => {
      await page.emulateMedia({ colorScheme: "light" });
      problems.push(...(await accessibilityProblems(page, place)));
      await page.emulateMedia({ colorScheme: "dark" });
      const inTheDark = await accessibilityProblems(page, place, ["color-contrast"]);
      problems.push(...inTheDark.map((problem) => `in the dark, ${problem}`));
    };
    await visit.untilReady();
    await judge("html");
    await visit.say("What is the weather in Paris and Tokyo?");
    await page.locator(".reasoning-summary").first().click();
    await visit.openPanel("Settings");
    await judge("html");
    for (const panel of ["Branches", "Tools", "Performance"]) {
      await visit.openPanel(panel);
      await judge(".side-panel");
    }
    await page.getByRole("button", { name: "Tokens and their probabilities" }).click();
    await judge(".turns");
    await page.locator(".model-button").click();
    await judge("dialog");
    expect(problems).toEqual([]);
  });

  test("fits a phone, where conversations and panels lie above the conversation", async () => {
    await using visit = await begin({
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
    });
    const { page } = visit;
    await visit.untilReady();
    await visit.say("What is the weather in Paris and Tokyo?");
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.getByRole("button", { name: "Conversations" }).click();
    await page.getByRole("button", { name: "New conversation", exact: true }).tap();
    expect(await page.getByRole("heading", { name: "Talk to a model" }).isVisible()).toBe(true);
    for (const panel of ["Branches", "Tools", "Performance", "Settings"]) {
      await visit.openPanel(panel);
      expect(await overflow()).toBeLessThanOrEqual(0);
      await page.getByRole("button", { name: `Close ${panel.toLowerCase()}` }).tap();
    }
  });
});

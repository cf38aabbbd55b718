import type { Browser } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessibilityProblems } from "./axe.ts";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

describe("the page", () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    [site, browser] = await Promise.all([Site.open(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });
  const begin = (options = {}) => Visit.begin(browser, site.url, options);

  test("keeps the code of a tool away from the network and the page, and ends it when its time is over", async () => {
    await using visit = await begin({ serviceWorkers: "block" });
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
    await page.clock.install();
    await start("for (;;);");
    await page.getByLabel("What it does, for the model").fill("The page goes on meanwhile.");
    // The page's clock is put forward, rather than waited for.
    const putForward = () => page.clock.fastForward(1000).then(() => outcome.count());
    await expect.poll(putForward).toBe(1);
    expect(await outcome.innerText()).toContain("longer than");
  });

  test("opens without a network from the second visit on, with what was said, and answers", async () => {
    await using visit = await begin();
    const { page } = visit;
    await visit.untilReady();
    await visit.say("Hello!");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => {}));
    await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
    await page.getByLabel("Message", { exact: true }).fill("Thank you, bye!");
    site.offline = true;
    try {
      await page.reload();
      await visit.untilReady();
      expect(await page.getByLabel("Message", { exact: true }).inputValue()).toBe("Thank you, bye!");
      expect(await visit.answer()).toContain("tiny demo model");
      expect(await page.evaluate(() => crossOriginIsolated)).toBe(true);
      await visit.say("Thank you, bye!");
      expect(await visit.answer()).toContain("Goodbye");
    } finally {
      site.offline = false;
    }
  });

  test("says that nothing is kept where the browser's storage cannot be had, and answers all the same", async () => {
    await using visit = await Visit.begin(browser, site.url, { serviceWorkers: "block" }, () => {
      indexedDB.open = () => {
        throw new DOMException("The user denied permission.", "SecurityError");
      };
    });
    await visit.untilReady();
    const alert = await visit.page.getByRole("alert").innerText();
    expect(alert).toMatch(/What is said here is not kept.*The user denied permission/);
    await visit.say("Hello!");
    expect(await visit.answer()).toContain("tiny demo model");
    expect(await visit.page.getByRole("alert").isVisible()).toBe(true);
  });

  test("has nothing that axe finds wrong, in light colours and in dark ones", async () => {
    await using visit = await begin({ reducedMotion: "reduce", serviceWorkers: "block" });
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
    await page.getByLabel("Message", { exact: true }).press("ArrowUp");
    await judge(".turns");
    await page.getByRole("button", { name: "Cancel" }).click();
    await visit.openPanel("Settings");
    await page.getByLabel("Temperature").fill("-4");
    await page.getByLabel("Answers as JSON").fill('{"type":"objekt"}');
    await visit.say("Hello!");
    expect(await visit.answer()).toContain("JSON schema in the settings");
    await page.getByRole("button", { name: "Reset to defaults" }).click();
    await judge(".side-panel");
    await judge(".turns > li:last-child");
    await page.keyboard.press("Escape");
    await page.locator(".model-button").click();
    await page.getByLabel("From the Hugging Face hub").fill("neither");
    await page.keyboard.press("Enter");
    await page.getByText("Neither a web address nor a name").waitFor();
    await judge("dialog");
    await page.getByLabel("From the Hugging Face hub").fill(`${site.url}none/model.gguf`);
    await page.keyboard.press("Enter");
    await page.locator(".banner.failure").waitFor();
    await judge(".banner");
    await page.keyboard.press("?");
    await judge("dialog");
    expect(problems).toEqual([]);
  });

  test("fits a phone, where conversations and panels lie above the conversation", async () => {
    await using visit = await begin({
      viewport: { width: 360, height: 740 },
      hasTouch: true,
      isMobile: true,
      serviceWorkers: "block",
    });
    const { page } = visit;
    await visit.untilReady();
    await visit.say("What is the weather in Paris and Tokyo?");
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    expect(await overflow()).toBeLessThanOrEqual(0);
    await page.locator(".model-button").tap();
    await page.getByLabel("From the Hugging Face hub").fill(`${site.url}${"none/".repeat(20)}model.gguf`);
    await page.keyboard.press("Enter");
    const again = (await page.getByRole("button", { name: "Try again" }).boundingBox())!;
    expect(again.x + again.width).toBeLessThanOrEqual(360);
    await visit.chooseModel("Tiny model");
    await visit.untilReady();
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

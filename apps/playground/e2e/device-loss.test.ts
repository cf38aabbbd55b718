import { expect, test } from "vitest";
import { findChromium } from "../../../tooling/chromium.ts";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

const executablePath = findChromium();

// Compiling shaders for the processor takes nearly all of the time.
test("an answer goes on when the GPU is lost in the middle of it", { timeout: 240_000 }, async ({ skip }) => {
  if (executablePath === undefined) return skip("there is no Chromium here");
  await using site = await Site.open();
  await using browser = await launchBrowser(executablePath);
  await using visit = await Visit.begin(browser, site.url, {}, 180_000);
  const { page } = visit;
  await visit.untilReady();
  await page.getByRole("button", { name: "Reasoning" }).click();
  await page.getByRole("button", { name: "2 tools" }).click();
  await visit.openPanel("Settings");
  await page.getByLabel("Computes on").selectOption("webgpu");
  await page.locator(".model-button").click();
  await page.getByRole("dialog").getByRole("button", { name: "Tiny model" }).click();
  await page.locator(".model-button", { hasText: "webgpu" }).waitFor();
  await page.getByLabel("Message", { exact: true }).fill("Hello!");
  await page.keyboard.press("Enter");
  await page.locator('.answer[aria-busy="true"] .markdown').waitFor();
  // What a reset of the driver does to a page: every device of the browser is gone.
  const devtools = await browser.newBrowserCDPSession();
  await devtools.send("Browser.crashGpuProcess");
  await visit.untilAnswered();
  expect(await visit.answer()).toContain("tiny demo model");
  expect(await page.locator(".model-button").innerText()).toContain("webgpu");
});

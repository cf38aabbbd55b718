import { expect, test } from "vitest";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

/**
 * Compiling kernels for the processor takes nearly all of the time, and most of that those for long prompts: a
 * model that reads eight tokens at once does without them.
 */
function readEightAtOnce(): void {
  const post = Worker.prototype.postMessage;
  Worker.prototype.postMessage = function (message, ...others: []) {
    if (message.method === "load") message.args[1].chunkRows = 8;
    post.call(this, message, ...others);
  };
}

test("an answer goes on when the GPU is lost in the middle of it", async () => {
  await using site = await Site.open();
  await using browser = await launchBrowser();
  await using visit = await Visit.begin(browser, site.url, { serviceWorkers: "block" }, readEightAtOnce);
  const { page } = visit;
  await visit.untilReady();
  await page.getByRole("button", { name: "Reasoning" }).click();
  await page.getByRole("button", { name: "2 tools" }).click();
  await visit.openPanel("Settings");
  await page.getByLabel("Computes on").selectOption("webgpu");
  await visit.chooseModel("Tiny model");
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

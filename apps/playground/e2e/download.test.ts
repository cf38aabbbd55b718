import { expect, test } from "vitest";
import { serveHub } from "../../../packages/hub/test-support/hub-server.ts";
import { findChromium } from "../../../tooling/chromium.ts";
import { shardedModel } from "../test-support/sharded-model.ts";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

const executablePath = findChromium();

test("a download is paused, outlives its tab, and brings nothing twice", { timeout: 240_000 }, async ({
  skip,
}) => {
  if (executablePath === undefined) return skip("there is no Chromium here");
  const files = shardedModel();
  let isSlow = true;
  await using hub = await serveHub([{ id: "org/tiny", files }], ({ path, range }, response, body) => {
    if (!isSlow || !path.includes("00002-of-00002") || range === undefined) return false;
    // The second half begins to come and does not end.
    const [start, end] = range;
    const total = files["model-00002-of-00002.safetensors"]!.byteLength;
    response.writeHead(206, {
      "content-length": body.byteLength,
      "content-range": `bytes ${start}-${end - 1}/${total}`,
    });
    response.write(body.subarray(0, 1000));
    return true;
  });
  await using site = await Site.open();
  await using browser = await launchBrowser(executablePath);
  await using visit = await Visit.begin(browser, site.url, {}, 120_000);
  const { page } = visit;
  await visit.untilReady();
  await visit.openPanel("Settings");
  await page.getByLabel("Hub, where it is not").fill(hub.endpoint);
  await page.locator(".model-button").click();
  await page.getByLabel("From the Hugging Face hub").fill("org/tiny");
  await page.getByRole("button", { name: "Load", exact: true }).click();

  const half = page.locator(".banner", { hasText: /Downloading: 3(\.\d+)? MB of 6/ });
  await half.waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await half.filter({ hasText: "org/tiny paused" }).waitFor();
  await page.getByRole("button", { name: "Resume" }).click();
  await half.filter({ hasNotText: "paused" }).waitFor();
  // The tab is closed in the middle of it, and opened again where the network is well.
  isSlow = false;
  await page.reload();
  await visit.untilReady();
  expect(await page.locator(".model-button").innerText()).toContain("org/tiny");
  await visit.say("Hello!");
  expect(await visit.answer()).toContain("tiny demo model");
  const contents = hub.requests
    .filter(({ server }) => server === "cdn")
    .map(({ path }) => path.split("?")[0]);
  const [first, second] = [
    "/org/tiny/model-00001-of-00002.safetensors",
    "/org/tiny/model-00002-of-00002.safetensors",
  ];
  // Begun by loading, by resuming, and by opening the page again.
  expect(contents).toEqual([first, second, second, second]);
});

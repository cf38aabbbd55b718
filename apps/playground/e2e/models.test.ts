import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { modelUrl } from "@krait/tiny-model";
import { convertModel } from "krait";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type HubServer, serveHub } from "../../../packages/hub/test-support/hub-server.ts";
import { shardedModel } from "../test-support/sharded-model.ts";
import { Site } from "./site.ts";
import { launchBrowser, Visit } from "./visit.ts";

describe("a model", () => {
  let site: Site;
  let browser: Browser;
  beforeAll(async () => {
    [site, browser] = await Promise.all([Site.open(), launchBrowser()]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
  });
  const begin = () => Visit.begin(browser, site.url, { serviceWorkers: "block" });

  test("that is downloaded is paused, outlives its tab, comes but once, and is deleted by a person", async () => {
    const network = { isSlow: true };
    await using hub = await slowHub(network);
    await using visit = await begin();
    const { page } = visit;
    await visit.untilReady();
    await visit.openPanel("Settings");
    await page.getByLabel("Hub, where it is not").fill(hub.endpoint);
    await page.getByLabel("Access token").fill("hf_secret");
    await page.locator(".model-button").click();
    await page.getByLabel("From the Hugging Face hub").fill("org/tiny");
    await page.getByRole("button", { name: "Load", exact: true }).click();

    const half = page.locator(".banner", { hasText: /Downloading: 3(\.\d+)? MB of 6/ });
    await half.waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await half.filter({ hasText: "org/tiny paused" }).waitFor();
    await page.getByRole("button", { name: "Resume" }).click();
    // Begun by loading, and by resuming.
    await expect.poll(() => contents(hub)).toEqual(["1", "2", "2"]);
    // The tab is closed in the middle of it, and opened again where the network is well.
    network.isSlow = false;
    await page.reload();
    await visit.untilReady();
    expect(await page.locator(".model-button").innerText()).toContain("org/tiny");
    await visit.say("Hello!");
    expect(await visit.answer()).toContain("tiny demo model");
    expect(contents(hub)).toEqual(["1", "2", "2", "2"]);
    expect(hub.requests.some(({ authorization }) => authorization === "Bearer hf_secret")).toBe(true);
    await visit.openPanel("Settings");
    expect(await page.getByLabel("Access token").inputValue()).toBe("");

    // Without the hub what is here loads all the same.
    await hub[Symbol.asyncDispose]();
    await page.reload();
    await visit.untilReady();
    expect(await page.locator(".model-button").innerText()).toContain("org/tiny");

    const kept = page.getByRole("dialog").locator(".kept-models li");
    await page.locator(".model-button").click();
    expect(await kept.innerText()).toMatch(/org\/tiny\s+6\.\d+ MB · used .* · in use/);
    expect(await kept.getByRole("button", { name: "Delete org/tiny" }).isDisabled()).toBe(true);
    await page.getByRole("dialog").getByRole("button", { name: "Tiny model" }).click();
    await page.locator(".model-button", { hasText: "Tiny model" }).waitFor();
    await visit.untilReady();
    await page.locator(".model-button").click();
    await kept.getByRole("button", { name: "Delete org/tiny" }).click();
    await kept.getByRole("button", { name: "Yes, delete org/tiny" }).click();
    await kept.waitFor({ state: "detached" });
    expect(await storedBytes(page)).toBeLessThan(1e6);
  });

  test("that is dropped on the page is loaded from where it lies, as a file or as a folder", async () => {
    const folder = mkdtempSync(join(tmpdir(), "krait-dropped-"));
    const gguf = join(folder, "tiny-q8_0.gguf");
    await convertModel(undefined, gguf, { quantize: "q8_0", name: "Dropped" });
    await using visit = await begin();
    const { page } = visit;
    await visit.untilReady();
    for (const [path, name] of [
      [gguf, "Dropped"],
      [fileURLToPath(modelUrl), "files"],
    ] as const) {
      await drop(page, path);
      await page
        .locator(".model-button", { hasText: name === "files" ? /\d+ files/ : "tiny-q8_0.gguf" })
        .waitFor();
      await visit.untilReady();
      await visit.say("Hello!");
      expect(await visit.answer()).toContain("tiny demo model");
    }
    await drop(page, fileURLToPath(new URL("../public/icon.svg", import.meta.url)));
    await page.getByText("There is no .gguf or .safetensors file among these").waitFor();
    expect(await page.locator(".model-button").innerText()).toContain("files");
    expect(await storedBytes(page)).toBeLessThan(1e6);
    rmSync(folder, { recursive: true });
  });

  test("that two tabs want is one for both, and stays when one of them is closed", async () => {
    await using visit = await begin();
    await visit.untilReady();
    await visit.openPanel("Settings");
    await visit.page.getByLabel("One for all tabs").selectOption("always");
    await visit.chooseModel("Tiny model");
    await visit.untilReady();
    await visit.say("Hello!");
    const second = await visit.anotherTab();
    await second.untilReady();
    await second.page.locator(".new-conversation").click();
    await second.say("Hello!");
    // Only the model of the first tab has read this before.
    expect(await second.answer()).toMatch(/[1-9]\d* of \d+ prompt tokens cached/);
    await visit.page.close();
    await second.say("Who are you?");
    expect(await second.answer()).toContain("tiny demo model");
    await second.openPanel("Performance");
    expect(await second.page.locator(".side-panel").innerText()).toMatch(/Worker\s+of all tabs/);
  });
});

/** A hub that begins to send the second file of weights, and does not go on while the network is slow. */
function slowHub(network: { readonly isSlow: boolean }): Promise<HubServer> {
  const files = shardedModel();
  return serveHub([{ id: "org/tiny", files }], ({ path, range }, response, body) => {
    if (!network.isSlow || !path.includes("00002-of-00002") || range === undefined) return false;
    const [start, end] = range;
    const total = files["model-00002-of-00002.safetensors"]!.byteLength;
    response.writeHead(206, {
      "content-length": body.byteLength,
      "content-range": `bytes ${start}-${end - 1}/${total}`,
    });
    response.write(body.subarray(0, 1000));
    return true;
  });
}

/** Which files of weights were asked for, by their number: those of one load come in any order. */
function contents({ requests }: HubServer): readonly string[] {
  return requests
    .filter(({ server }) => server === "cdn")
    .map(({ path }) => /model-0000(\d)/.exec(path)?.[1] ?? path)
    .sort();
}

/** Drops a file or a folder of this machine on the page, as a person does. */
async function drop(page: Page, path: string): Promise<void> {
  const devtools = await page.context().newCDPSession(page);
  const data = { items: [], files: [path], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver"] as const) {
    await devtools.send("Input.dispatchDragEvent", { type, x: 400, y: 300, data });
  }
  await page.getByText("Drop a GGUF file or a model folder").waitFor();
  await devtools.send("Input.dispatchDragEvent", { type: "drop", x: 400, y: 300, data });
}

/** Bytes of the files in the browser's private file system. */
async function storedBytes(page: Page): Promise<number> {
  return await page.evaluate(async () => {
    const sizeOf = async (folder: FileSystemDirectoryHandle): Promise<number> => {
      let bytes = 0;
      for await (const entry of folder.values()) {
        bytes +=
          entry.kind === "file"
            ? (await (entry as FileSystemFileHandle).getFile()).size
            : await sizeOf(entry as FileSystemDirectoryHandle);
      }
      return bytes;
    };
    return await sizeOf(await navigator.storage.getDirectory());
  });
}

import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright";
import { chromiumFlags } from "../../../tooling/chromium.ts";

/** A browser without a window, in which WebGPU is there and computes on the processor. */
export function launchBrowser(executablePath: string): Promise<Browser> {
  const webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
  return chromium.launch({ executablePath, args: [...chromiumFlags, ...webgpu] });
}

/** Somebody who visits the playground for the first time, with a browser profile of their own. */
export class Visit implements AsyncDisposable {
  readonly page: Page;
  /** What the page complained about. */
  readonly errors: string[] = [];
  readonly #context: BrowserContext;

  private constructor(context: BrowserContext, page: Page) {
    this.#context = context;
    this.page = page;
    page.on("pageerror", (error) => this.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  /** @param patience - milliseconds to wait for anything. */
  static async begin(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    patience = 60_000,
  ): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(patience);
    const visit = new Visit(context, await context.newPage());
    await visit.page.goto(url);
    return visit;
  }

  async untilReady(): Promise<void> {
    await this.page.locator('.model-button[data-status="ready"]').waitFor();
  }

  /** Says something and waits for the whole answer. */
  async say(text: string): Promise<void> {
    await this.page.getByLabel("Message", { exact: true }).fill(text);
    await this.page.keyboard.press("Enter");
    await this.untilAnswered();
  }

  async untilAnswered(): Promise<void> {
    await this.page.locator('.turns > li:last-child .answer[aria-busy="false"]').waitFor();
  }

  /** The text of the last answer. */
  async answer(): Promise<string> {
    return await this.page.locator(".answer").last().innerText();
  }

  async openPanel(name: string): Promise<void> {
    await this.page.getByRole("group", { name: "Panels" }).getByRole("button", { name }).click();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#context.close();
  }
}

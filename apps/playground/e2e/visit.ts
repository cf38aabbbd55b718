import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright";
import { chromiumFlags, findChromium } from "../../../tooling/chromium.ts";

/** Milliseconds to wait for anything; machines that are busy need some. */
const PATIENCE = 60_000;

/** A browser without a window, in which WebGPU is there and computes on the processor. */
export function launchBrowser(): Promise<Browser> {
  const webgpu = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
  return chromium.launch({ executablePath: findChromium()!, args: [...chromiumFlags, ...webgpu] });
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

  /** @param prepare - is run in the page before anything else. */
  static async begin(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    prepare?: () => void,
  ): Promise<Visit> {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE);
    if (prepare !== undefined) await context.addInitScript(prepare);
    const visit = new Visit(context, await context.newPage());
    await visit.page.goto(url);
    return visit;
  }

  /** The same browser profile in another tab. */
  async anotherTab(): Promise<Visit> {
    const tab = new Visit(this.#context, await this.#context.newPage());
    await tab.page.goto(this.page.url());
    return tab;
  }

  /** The settings that a first visit has, and nothing said yet. */
  async startAnew(): Promise<void> {
    if (!(await this.page.getByRole("complementary", { name: "Settings" }).isVisible())) {
      await this.openPanel("Settings");
    }
    await this.page.getByRole("button", { name: "Reset to defaults" }).click();
    await this.page.getByRole("button", { name: "Yes, reset" }).click();
    await this.page.getByRole("button", { name: "Close settings" }).click();
    await this.page.locator(".new-conversation").click();
  }

  /** Loads what the dialog has under this name. */
  async chooseModel(name: string | RegExp): Promise<void> {
    await this.page.locator(".model-button").click();
    await this.page.getByRole("dialog").getByRole("button", { name }).click();
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

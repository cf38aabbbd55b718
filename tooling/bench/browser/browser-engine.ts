import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { findChromium } from "../../chromium.ts";
import { wllama } from "../engines/peers.ts";
import { Chromium } from "./chromium.ts";
import { servePage } from "./page-server.ts";
import { processTreeSeconds } from "./process-tree.ts";

/** What a page measured, and the processor time that its browser took meanwhile. */
export interface BrowserAnswer {
  readonly result: number;
  readonly cpuSeconds: number;
}

interface Question {
  readonly method: string;
  readonly argument: unknown;
}

/** An engine in a page of a browser of its own, which asks its server what to do next. */
export class BrowserEngine implements AsyncDisposable {
  readonly #server: Server;
  readonly #browser: Chromium;
  readonly #link: Link;

  private constructor(server: Server, browser: Chromium, link: Link) {
    this.#server = server;
    this.#browser = browser;
    this.#link = link;
  }

  static krait(model: string): Promise<BrowserEngine> {
    return BrowserEngine.#open("krait-page.mjs", { "/model.gguf": model });
  }

  static wllama(model: string): Promise<BrowserEngine> {
    return BrowserEngine.#open("wllama-page.mjs", { "/model.gguf": model, "/wllama/": wllama()!.folder });
  }

  static async #open(script: string, files: Readonly<Record<string, string>>): Promise<BrowserEngine> {
    const link = new Link();
    const { url, server } = await servePage(script, files, (...each) => link.handle(...each));
    return new BrowserEngine(server, new Chromium(findChromium()!, url), link);
  }

  /** Has the page call one of its methods; resolves with the seconds that it measured. */
  async call(method: string, argument: unknown): Promise<BrowserAnswer> {
    const before = processTreeSeconds(this.#browser.pid);
    const result = await this.#link.ask({ method, argument });
    return { result, cpuSeconds: processTreeSeconds(this.#browser.pid) - before };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#browser[Symbol.asyncDispose]();
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** A page cannot be called: it fetches its next question, and posts the answer. */
class Link {
  #waitingPage: ServerResponse | undefined;
  #question: Question | undefined;
  #settle: { resolve(result: number): void; reject(error: Error): void } | undefined;
  /** What the page told before it was asked anything. */
  #failure: Error | undefined;

  ask(question: Question): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#question = question;
      this.#settle = { resolve, reject };
      this.#deliver();
    });
  }

  handle(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.url === "/question") {
      this.#waitingPage = response;
      this.#deliver();
      return true;
    }
    if (request.url !== "/answer") return false;
    void this.#receive(request, response);
    return true;
  }

  #deliver(): void {
    if (this.#waitingPage === undefined || this.#question === undefined) return;
    this.#waitingPage
      .writeHead(200, { "Content-Type": "application/json" })
      .end(JSON.stringify(this.#question));
    this.#waitingPage = undefined;
    this.#question = undefined;
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    request.on("data", (part) => parts.push(part));
    await once(request, "end");
    response.end();
    const { result, error } = JSON.parse(Buffer.concat(parts).toString());
    if (error === undefined) this.#settle?.resolve(result);
    else if (this.#settle !== undefined) this.#settle.reject(new Error(error));
    else this.#failure = new Error(error);
  }
}

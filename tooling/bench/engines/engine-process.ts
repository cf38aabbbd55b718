import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { StepTimes } from "../ops/time-ops.ts";
import type { Reply, Request } from "./serve.ts";

export interface Answer<Result> {
  readonly result: Result;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** How an engine loads a model file. */
export interface LoadRequest {
  readonly file: string;
  readonly threads: number;
  /** Positions that a sequence may have. */
  readonly maxContext: number;
  /** Krait only: rows of a prefill chunk; the model's own choice unless given. */
  readonly chunkRows?: number;
  /** One of Krait's backends; other engines have no choice. */
  readonly backend?: string;
}

export interface StepsRequest {
  readonly tokens: number;
  readonly context: number;
}

export interface OpsRequest {
  readonly rows: number;
  readonly context: number;
}

interface Pending {
  resolve(answer: Answer<unknown>): void;
  reject(error: Error): void;
}

/** Another process with an engine in it, so that engines share neither memory nor an event loop. */
export class EngineProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, Pending>();
  readonly #exited: Promise<void>;
  #errors = "";
  #id = 0;

  private constructor(program: URL) {
    this.#child = fork(fileURLToPath(program), { stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child.stderr!.on("data", (text) => {
      this.#errors = `${this.#errors}${text}`.slice(-2000);
    });
    this.#child.on("message", (reply: Reply) => this.#receive(reply));
    this.#exited = new Promise((resolve) => {
      this.#child.on("exit", (code, signal) => {
        const how = `The engine's process ended with ${signal ?? code}. ${this.#errors.trim()}`;
        for (const { reject } of this.#pending.values()) reject(new Error(how));
        resolve();
      });
    });
  }

  static krait(): EngineProcess {
    return new EngineProcess(new URL("krait-process.ts", import.meta.url));
  }

  static nodeLlamaCpp(): EngineProcess {
    return new EngineProcess(new URL("node-llama-cpp-process.ts", import.meta.url));
  }

  /** Loads a model; resolves with the seconds that it took. */
  load(request: LoadRequest): Promise<Answer<number>> {
    return this.call("load", request);
  }

  /** Reads a prompt of so many tokens; resolves with the seconds. */
  prefill(tokens: number): Promise<Answer<number>> {
    return this.call("prefill", tokens);
  }

  /** Generates so many tokens after a first one, from a short prompt; resolves with the seconds. */
  decode(tokens: number): Promise<Answer<number>> {
    return this.call("decode", tokens);
  }

  /** Reads a prompt of so many tokens and generates one; resolves with the seconds. */
  firstToken(promptTokens: number): Promise<Answer<number>> {
    return this.call("firstToken", promptTokens);
  }

  /** Krait only: `decode` by the model's Programs alone, after so many positions; resolves with the seconds. */
  steps(request: StepsRequest): Promise<Answer<number>> {
    return this.call("steps", request);
  }

  /** Krait only: takes a step of so many rows apart that ends at a position. */
  ops(request: OpsRequest): Promise<Answer<StepTimes>> {
    return this.call("ops", request);
  }

  get pid(): number {
    return this.#child.pid!;
  }

  /** @throws what the method throws, and when the process ends. */
  call<Result>(method: string, argument: unknown): Promise<Answer<Result>> {
    const request: Request = { id: this.#id++, method, argument };
    return new Promise((resolve, reject) => {
      this.#pending.set(request.id, { resolve: (answer) => resolve(answer as Answer<Result>), reject });
      this.#child.send(request);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  #receive(reply: Reply): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if ("error" in reply) pending?.reject(new Error(reply.error));
    else pending?.resolve(reply);
  }
}

import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromiumFlags } from "../../chromium.ts";

/** A headless Chromium with a profile of its own, showing one page. */
export class Chromium implements AsyncDisposable {
  readonly #profile = mkdtempSync(join(tmpdir(), "krait-chromium-"));
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(command: string, url: string) {
    const args = ["--headless", ...chromiumFlags, `--user-data-dir=${this.#profile}`, url];
    this.#child = spawn(command, args, { stdio: "ignore" });
    this.#exited = new Promise((resolve) => this.#child.on("exit", resolve));
  }

  get pid(): number {
    return this.#child.pid!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

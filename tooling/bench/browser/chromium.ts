import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** The command that starts a Chromium on this machine; the environment variable `CHROMIUM` goes first. */
export function findChromium(): string | undefined {
  const candidates = [...(process.env.CHROMIUM ? [process.env.CHROMIUM] : []), ...names];
  return candidates.find((command) => spawnSync(command, ["--version"]).status === 0);
}

/** A headless Chromium with a profile of its own, showing one page. */
export class Chromium implements AsyncDisposable {
  readonly #profile = mkdtempSync(join(tmpdir(), "krait-chromium-"));
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  constructor(command: string, url: string) {
    // Containers run as root and without user namespaces, where Chromium's own sandbox refuses to start.
    const flags = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-dev-shm-usage",
      "--no-first-run",
    ];
    const args = [...flags, `--user-data-dir=${this.#profile}`, url];
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

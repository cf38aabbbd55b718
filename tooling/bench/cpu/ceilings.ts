import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What the machine can do at most with so many threads, per second. */
export interface Ceilings {
  /** Bytes read from memory. */
  readonly read: number;
  /** f32 operations; a multiply-add is two. */
  readonly float: number;
  /** int8 operations in dot products; 0 where the processor has none. */
  readonly integer: number;
}

/** The program that measures ceilings, built for this processor. */
export class CeilingMeter implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Undefined where there is no C compiler. */
  static async build(): Promise<CeilingMeter | undefined> {
    const folder = await mkdtemp(join(tmpdir(), "krait-ceilings-"));
    const source = fileURLToPath(new URL("ceilings.c", import.meta.url));
    for (const compiler of ["cc", "gcc", "clang"]) {
      try {
        await run(compiler, ["-O3", "-march=native", "-pthread", source, "-o", join(folder, "ceilings")]);
        return new CeilingMeter(folder);
      } catch {
        // The next one may be there.
      }
    }
    await rm(folder, { recursive: true });
    return undefined;
  }

  /** Takes less than a second. */
  async measure(threads: number): Promise<Ceilings> {
    const { stdout } = await run(join(this.#folder, "ceilings"), [String(threads)]);
    return JSON.parse(stdout);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true });
  }
}

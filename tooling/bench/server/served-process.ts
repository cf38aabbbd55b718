import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const program = fileURLToPath(new URL("../../../apps/cli/dist/main.js", import.meta.url));

/** `krait serve` in a process of its own, as it is built. */
export async function startServer(
  backend: string | undefined,
): Promise<AsyncDisposable & { readonly url: string }> {
  const choice = backend === undefined ? [] : ["--backend", backend];
  const child = spawn(process.execPath, [program, "serve", "--port", "0", "--parallel", "64", ...choice]);
  let said = "";
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      const found = /served at (\S+)\/v1/.exec(said)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.on("error", reject);
    child.on("close", () => reject(new Error(`krait serve ended: ${said}`)));
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      if (child.exitCode === null) await once(child, "close");
    },
  };
}

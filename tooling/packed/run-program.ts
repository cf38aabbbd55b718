import { execFile } from "node:child_process";

/** Of the run that tests us, not of the one that we test: a fresh shell has none of these. */
const ours = /^(NODE_OPTIONS|NODE_PATH|NODE_ENV|VITEST.*|npm_config_(package|call|yes))$/;

/** What a program printed; rejects with all of it when the program fails. */
export function runProgram(program: string, args: readonly string[], folder: string): Promise<string> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.test(name)));
  const options = { cwd: folder, env, shell: process.platform === "win32", maxBuffer: 64 * 2 ** 20 };
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")}: ${error.message}\n${stdout}${stderr}`));
    });
    child.stdin?.end();
  });
}

import { runProgram } from "./run-program.ts";

/** The oldest Node that the packages promise to run on, as their `engines` say. */
const OLDEST = "20.19.0";

/**
 * A Node 20 to run the packed packages on: the machine's own where it is one, else one borrowed
 * from the npm registry, as `tooling/run.mjs` borrows a newer one.
 *
 * @throws when there is none and the registry cannot be reached.
 */
export async function findOldestNode(folder: string): Promise<string> {
  const host = process.env.KRAIT_HOST_NODE ?? process.execPath;
  if (isNode20(await runProgram(host, ["--version"], folder))) return host;
  const borrow = ["exec", "--yes", `--package=node@${OLDEST}`, "--call", "node --print process.execPath"];
  const borrowed = (await runProgram("npm", borrow, folder)).trim();
  if (!isNode20(await runProgram(borrowed, ["--version"], folder))) {
    throw new Error(`node@${OLDEST} of the npm registry did not give Node ${OLDEST}`);
  }
  return borrowed;
}

function isNode20(version: string): boolean {
  const [major, minor] = version.trim().slice(1).split(".").map(Number);
  return major === 20 && minor! >= 19;
}

import { accessSync, constants } from "node:fs";
import { delimiter, isAbsolute, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome"];

/** Flags of a Chromium for measurements and tests: it shows no window, asks nothing and looks nothing up. */
export const chromiumFlags: readonly string[] = [
  // Containers run as root and without user namespaces, where Chromium's own sandbox refuses to start.
  "--no-sandbox",
  "--disable-dev-shm-usage",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** The path of a Chromium on this machine; the environment variable `CHROMIUM` goes first. */
export function findChromium(): string | undefined {
  const wanted = process.env.CHROMIUM ? [process.env.CHROMIUM, ...names] : names;
  return wanted.flatMap(pathsOf).find(isExecutable);
}

function pathsOf(command: string): string[] {
  if (isAbsolute(command)) return [command];
  return (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, command));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

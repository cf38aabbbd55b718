import type { DownloadProgress } from "krait";
import { decimalBytes } from "../quantities.ts";
import { progressBar } from "./progress-bar.ts";

/** `████████░░░░░░  52 %  9.24 GB of 17.78 GB  85.2 MB/s` */
export function downloadStatus(progress: DownloadProgress): string {
  const { loadedBytes, totalBytes, bytesPerSecond, state } = progress;
  const bar = progressBar(loadedBytes, totalBytes);
  if (state === "waiting") return `${bar}  (another process)`;
  return bytesPerSecond > 0 ? `${bar}  ${decimalBytes(bytesPerSecond)}/s` : bar;
}

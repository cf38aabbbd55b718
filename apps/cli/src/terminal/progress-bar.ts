import { decimalBytes } from "../quantities.ts";

const WIDTH = 30;

/** `████████░░░░░░  52 %  9.24 GB of 17.78 GB` */
export function progressBar(done: number, total: number): string {
  const share = total > 0 ? Math.min(1, done / total) : 1;
  const filled = Math.round(share * WIDTH);
  const bar = "█".repeat(filled) + "░".repeat(WIDTH - filled);
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  return `${bar} ${percent}  ${decimalBytes(done)} of ${decimalBytes(total)}`;
}

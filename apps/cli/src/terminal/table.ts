import { withoutControls } from "./control-characters.ts";

/** Rows of text, each column as wide as its widest cell. */
export function alignedColumns(rows: readonly (readonly string[])[]): string {
  const shown = rows.map((row) => row.map(withoutControls));
  const widths = shown[0]!.map((_, column) => Math.max(...shown.map((row) => row[column]!.length)));
  return shown
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column]!))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

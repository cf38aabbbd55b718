// Measures Krait on this machine, and other engines beside it where they are installed.
//
//   npm run bench -- cpu [--quick] [--ops] [--backend wasm] [--json] [--save]
//
// Prints a figure a line, as a table or as JSON. A missed goal is printed and fails nothing: how
// fast a machine is today is no property of the code.
import { parseArgs } from "node:util";
import type { Figure } from "./figure.ts";
import { describeMachine } from "./machine.ts";
import { summaryLine, tableHead, tableLine } from "./report.ts";
import { saveResults } from "./results.ts";
import { suites } from "./suite.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    ops: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    save: { type: "boolean", default: false },
    backend: { type: "string" },
  },
});
const [name = "tiny", ...rest] = positionals;
if (!Object.hasOwn(suites, name) || rest.length > 0) {
  console.error(
    `There is no suite "${positionals.join(" ")}". Choose one of ${Object.keys(suites).join(", ")}.`,
  );
  process.exit(2);
}

const suite = await suites[name]!();
const machine = describeMachine();
const started = new Date();
const figures: Figure[] = [];
const notes: string[] = [];
const note = (text: string): void => {
  notes.push(text);
  console.error(text);
};
if (!flags.json) console.log(`${machine.cpu}, ${machine.cores} cores\n${tableHead}`);
for await (const figure of suite({ ...flags, backend: flags.backend ?? process.env.KRAIT_BACKEND, note })) {
  figures.push(figure);
  console.log(flags.json ? JSON.stringify(figure) : tableLine(figure));
}
const minutes = (Date.now() - started.getTime()) / 60_000;
if (!flags.json) console.log(summaryLine(figures, minutes));
if (flags.save) {
  const { quick, ops } = flags;
  console.error(
    `Saved as ${await saveResults({ suite: name, started, machine, quick, ops, notes, figures })}.`,
  );
}

import type { Figure } from "./figure.ts";

const widths = { name: 46, value: 20, peer: 30, ratio: 7, goal: 14, busy: 6 } as const;

export const tableHead: string = [
  "figure".padEnd(widths.name),
  "value".padStart(widths.value),
  "peer".padStart(widths.peer),
  "ratio".padStart(widths.ratio),
  "goal".padStart(widths.goal),
  "busy".padStart(widths.busy),
].join(" ");

/** One line of the table for people. */
export function tableLine(figure: Figure): string {
  const { name, value, unit, peer, against, ratio, busy, milliseconds, share } = figure;
  const cells = [
    name.padEnd(widths.name),
    `${value} ${unit}`.padStart(widths.value),
    (peer === null ? "" : `${peer} ${against}`).padStart(widths.peer),
    (ratio === null ? "" : ratio.toFixed(2)).padStart(widths.ratio),
    goalCell(figure).padStart(widths.goal),
    (busy === null ? "" : percent(busy)).padStart(widths.busy),
    ...(milliseconds === undefined ? [] : [`${milliseconds.toPrecision(3)} ms`.padStart(9)]),
    ...(share === undefined ? [] : [`${percent(share).padStart(4)} of the step`]),
  ];
  return cells.join(" ").trimEnd();
}

/** The last line: how many goals were reached. */
export function summaryLine(figures: readonly Figure[], minutes: number): string {
  const withGoal = figures.filter(({ goal }) => goal !== null);
  const reached = withGoal.filter(isReached).length;
  return `${figures.length} figures in ${minutes.toFixed(1)} minutes; ${reached} of ${withGoal.length} goals reached`;
}

function goalCell(figure: Figure): string {
  if (figure.goal === null) return "";
  return `${isReached(figure) ? "reached" : "missed"} ${figure.goal.toFixed(2)}`;
}

function isReached({ ratio, goal }: Figure): boolean {
  return ratio !== null && goal !== null && ratio >= goal;
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

// Prometheus' text format: https://prometheus.io/docs/instrumenting/exposition_formats/

export type Labels = Readonly<Record<string, string>>;

/** Something that `/metrics` shows. */
export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  /** Lines of samples. */
  lines(): Iterable<string>;
}

export class Counter implements Metric {
  readonly type = "counter";
  readonly name: string;
  readonly help: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string) {
    this.name = name;
    this.help = help;
  }

  add(amount: number, labels: Labels = {}): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  *lines(): Iterable<string> {
    for (const [labels, value] of this.#values) yield `${this.name}${labels} ${value}`;
  }
}

/** A number that is kept elsewhere, and asked for when it is shown. */
export class Reading implements Metric {
  readonly type: "counter" | "gauge";
  readonly name: string;
  readonly help: string;
  readonly #values: () => Iterable<readonly [Labels, number]>;

  constructor(
    type: Reading["type"],
    name: string,
    help: string,
    values: () => Iterable<readonly [Labels, number]>,
  ) {
    this.type = type;
    this.name = name;
    this.help = help;
    this.#values = values;
  }

  *lines(): Iterable<string> {
    for (const [labels, value] of this.#values()) yield `${this.name}${labelText(labels)} ${value}`;
  }
}

interface Distribution {
  /** How many were at most each bound, and how many in all. */
  readonly counts: number[];
  count: number;
  sum: number;
}

export class Histogram implements Metric {
  readonly type = "histogram";
  readonly name: string;
  readonly help: string;
  readonly #bounds: readonly number[];
  readonly #values = new Map<string, Distribution>();

  /** @param bounds - upper bounds, ascending; that of all is added. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.name = name;
    this.help = help;
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let found = this.#values.get(key);
    if (found === undefined) {
      found = { counts: this.#bounds.map(() => 0), count: 0, sum: 0 };
      this.#values.set(key, found);
    }
    for (const [index, bound] of this.#bounds.entries()) if (value <= bound) found.counts[index]!++;
    found.count++;
    found.sum += value;
  }

  *lines(): Iterable<string> {
    for (const [labels, { counts, count, sum }] of this.#values) {
      const bucket = (bound: string, value: number) =>
        `${this.name}_bucket${labels === "" ? `{le="${bound}"}` : `${labels.slice(0, -1)},le="${bound}"}`} ${value}`;
      for (const [index, bound] of this.#bounds.entries()) yield bucket(String(bound), counts[index]!);
      yield bucket("+Inf", count);
      yield `${this.name}_sum${labels} ${sum}`;
      yield `${this.name}_count${labels} ${count}`;
    }
  }
}

export function expose(metrics: Iterable<Metric>): string {
  const lines: string[] = [];
  for (const metric of metrics) {
    lines.push(`# HELP ${metric.name} ${metric.help}`, `# TYPE ${metric.name} ${metric.type}`);
    lines.push(...metric.lines());
  }
  return `${lines.join("\n")}\n`;
}

function labelText(labels: Labels): string {
  const entries = Object.entries(labels);
  if (entries.length === 0) return "";
  return `{${entries.map(([name, value]) => `${name}="${escapeLabel(value)}"`).join(",")}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

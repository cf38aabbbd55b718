import { type OpCase, opCase } from "./op-case.ts";

const rmsNorm = [
  ...(
    [
      [1, 64],
      [3, 1024],
      [5, 200],
      [2, 7],
    ] as const
  ).map(([rows, columns]) =>
    opCase("rmsNorm", `${rows} × ${columns}`, { rows }, (c) => {
      c.b.rmsNorm(c.rows(columns), c.weight([columns]), { epsilon: 1e-5 });
    }),
  ),
  opCase("rmsNorm", "a view", { rows: 4 }, (c) => {
    c.b.rmsNorm(c.view(31), c.weight([31]), { epsilon: 1e-5 });
  }),
  opCase("rmsNorm", "rows so small that epsilon counts", { rows: 3 }, (c) => {
    c.b.rmsNorm(c.rows(50, 1e-3), c.weight([50]), { epsilon: 1e-5 });
  }),
  opCase("rmsNorm", "output rows", { rows: 4, outputRows: 2 }, (c) => {
    const input = c.b.gatherRows(c.rows(40), c.feed(["outputRows"], Int32Array.of(3, 1)));
    c.b.rmsNorm(input, c.weight([40]), { epsilon: 1e-5 });
  }),
];

/** Matrices whose products have about the size of their inputs. */
const deviationFor = (inputs: number): number => 1 / Math.sqrt(inputs);

const linear = [
  ...(["f32", "f16", "bf16"] as const).flatMap((format) =>
    (
      [
        [1, 64, 48],
        [1, 257, 5],
        [3, 200, 7],
        [16, 128, 96],
        [33, 130, 65],
        [2, 1, 1],
      ] as const
    ).map(([rows, inputs, outputs]) =>
      opCase("linear", `${rows} rows, ${inputs} → ${outputs}, ${format}`, { rows }, (c) => {
        c.b.linear(c.rows(inputs), c.weight([outputs, inputs], { format, deviation: deviationFor(inputs) }));
      }),
    ),
  ),
  ...(["relu2", "silu", undefined] as const).flatMap((activation) =>
    [false, true].flatMap((hasBias) =>
      [false, true].map((hasResidual) => {
        const parts = [hasBias && "bias", activation, hasResidual && "residual"].filter(Boolean);
        return opCase("linear", `of a view, with ${parts.join(", ") || "nothing else"}`, { rows: 3 }, (c) => {
          c.b.linear(c.view(50), c.weight([21, 50], { deviation: deviationFor(50) }), {
            activation,
            bias: hasBias ? c.weight([21]) : undefined,
            residual: hasResidual ? c.view(21) : undefined,
          });
        });
      }),
    ),
  ),
  opCase("linear", "numbers beyond those of f16, by a weight in f16", { rows: 12 }, (c) => {
    c.b.linear(c.rows(64, 1e6), c.weight([20, 64], { format: "f16", deviation: deviationFor(64) }));
  }),
  opCase("linear", "output rows with a residual of their own", { rows: 5, outputRows: 3 }, (c) => {
    const gathered = (columns: number) =>
      c.b.gatherRows(c.rows(columns), c.feed(["outputRows"], Int32Array.of(4, 0, 2)));
    c.b.linear(gathered(24), c.weight([70, 24], { deviation: deviationFor(24) }), { residual: gathered(70) });
  }),
];

export const denseCases: readonly OpCase[] = [...rmsNorm, ...linear];

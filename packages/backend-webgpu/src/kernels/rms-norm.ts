import { isNormSpared, type RmsNorm } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import { type Launch, read, vectors, write } from "../launch.ts";
import source from "./rms-norm.wgsl";

/** One workgroup for each row; none for a lone row that the products after it normalize themselves. */
export function rmsNorm(op: RmsNorm, at: CompileContext): Launch[] {
  const rows = at.rows(op.output);
  const isSpared = isNormSpared(op, at.program);
  return [
    {
      source,
      entryPoint: "rms_norm",
      constants: {
        COLUMNS: op.input.columns,
        EPSILON: op.epsilon,
        ...at.view("X", op.input),
        ...at.view("Y", op.output),
      },
      bindings: [read(op.input), vectors(op.weight), write(op.output)],
      workgroups: (extents) => [isSpared && extents[rows] === 1 ? 0 : extents[rows]],
    },
  ];
}

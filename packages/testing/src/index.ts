export { type CompareOptions, compare } from "./compare.ts";
export {
  driftIds,
  type Fixture,
  type FixtureName,
  type Golden,
  type GoldenTensor,
  openDriftGolden,
  openFixture,
  readConfig,
} from "./fixtures.ts";
export { type OpCase, sourceOf } from "./op-cases/op-case.ts";
export { opCases } from "./op-cases/op-cases.ts";
export { Random } from "./random.ts";
export { runOpTable } from "./run-op-table.ts";
export { exposeValues, type Numbers, runStep, type StepInputs, type StepResult } from "./step.ts";
export { differenceOf, type StepDifference, stepDifferences } from "./step-error.ts";

export { type CompareOptions, compare } from "./compare.ts";
export { type DriftOptions, describeDrift } from "./describe-drift.ts";
export { describeEqualities, type EqualityOptions } from "./describe-equalities.ts";
export { describeFormats, type FormatsOptions } from "./describe-formats.ts";
export { describeGolden, type GoldenOptions, type SamplingModel } from "./describe-golden.ts";
export { anyDraw, DRAW_VOCABULARY, type Draw, drawOn, drawSettings } from "./draws.ts";
export { type EqualityCheck, equalities } from "./equalities.ts";
export { type Equality, EqualitySubject, relativeError } from "./equality-subject.ts";
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
export { type MaskedDraws, maskedDraws } from "./masked-draws.ts";
export { type OpCase, sourceOf } from "./op-cases/op-case.ts";
export { opCases } from "./op-cases/op-cases.ts";
export { Random } from "./random.ts";
export { randomBytes } from "./random-blocks.ts";
export { randomModel } from "./random-model.ts";
export type { SequenceRows } from "./row-feeds.ts";
export { RowRunner } from "./row-runner.ts";
export { type OpTableOptions, runOpTable } from "./run-op-table.ts";
export type { LoadRunnableModel, ModelSource, RunnableModel, RunnableSizes } from "./runnable-model.ts";
export { exposeValues, type Numbers, runStep, type StepInputs, type StepResult } from "./step.ts";
export { differenceOf, type StepDifference, stepDifferences } from "./step-error.ts";
export { type WatchedBackend, watchBackend } from "./watched-backend.ts";
export { rewriteFeed, wrapBackend } from "./wrong-backend.ts";

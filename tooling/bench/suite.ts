import type { Figure } from "./figure.ts";

export interface SuiteOptions {
  /** A selection that takes less than eight minutes. */
  readonly quick: boolean;
  /** Adds what each op of a step takes. */
  readonly ops: boolean;
  /** Only this backend; every one that is there unless given. */
  readonly backend: string | undefined;
  /** Tells a person what is going on, or what cannot be measured here and why. */
  note(text: string): void;
}

/** Measures something and yields its figures as they come. */
export type Suite = (options: SuiteOptions) => AsyncIterable<Figure>;

/** Suites by name. Each is loaded only when it is run. */
export const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  cpu: async () => (await import("./cpu/suite.ts")).cpuSuite,
  server: async () => (await import("./server/suite.ts")).serverSuite,
  quality: async () => (await import("./quality/suite.ts")).qualitySuite,
  engine: async () => (await import("./engine/suite.ts")).engineSuite,
  cuda: async () => (await import("./cuda/suite.ts")).cudaSuite,
  tiny: async () => (await import("./tiny/suite.ts")).tinySuite,
  tokenizer: async () => (await import("./tokenizer/suite.ts")).tokenizerSuite,
  webgpu: async () => (await import("./webgpu/suite.ts")).webgpuSuite,
};

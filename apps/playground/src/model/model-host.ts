import type { StepTimes } from "@krait/worker";
import type { Message, RunToolsOptions, ToolRun } from "krait";
import type { ModelSource } from "./model-source.ts";
import type { Place } from "./places.ts";

/** A model as the page uses it. Where it runs is the host's business. */
export interface HostedModel extends AsyncDisposable {
  readonly name: string;
  readonly architecture: { readonly summary: string };
  readonly memory: ModelMemory;
  readonly backend: { readonly name: string; readonly software: boolean; readonly kvDtype: string };
  readonly maxContext: number;
  runTools(messages: readonly Message[], options: RunToolsOptions): ToolRun;
  tokenTexts(ids: readonly number[]): Promise<readonly string[]>;
  /** What the ops of the next step take; undefined where what it runs on cannot tell. */
  stepTimes(signal: AbortSignal): Promise<StepTimes | undefined>;
  /** Settles when what it runs on is gone, such as a GPU whose driver was reset. */
  readonly lost: Promise<Error>;
}

/** What a model takes, in bytes. */
export interface ModelMemory {
  readonly parameters: number;
  readonly weightBytes: number;
  readonly stateBytes: number;
  readonly kvBytes: number;
  /** States of turns, from which branches go on. */
  readonly cacheBytes: number;
  readonly scratchBytes: number;
  readonly totalBytes: number;
}

/** How far a model has come: its files into this browser, or its weights onto the device. */
export interface LoadProgress {
  readonly phase: "downloading" | "loading";
  readonly loadedBytes: number;
  /** Zero where it is not known. */
  readonly totalBytes: number;
  readonly bytesPerSecond?: number | undefined;
}

export interface HostLoadOptions extends Place {
  readonly maxContext?: number | undefined;
  /** What the states of turns may take, from which branches go on; of four turns unless given. */
  readonly branchBytes?: number | undefined;
  /** Where models that have a name are looked for, unless on the Hugging Face hub itself. */
  readonly hubAddress?: string | undefined;
  /** For models that the hub does not give to everybody; sent to the hub alone. */
  readonly hubToken?: string | undefined;
  readonly onProgress: (progress: LoadProgress) => void;
  /** Told what a person may want to know: which backend it is, and why no faster one. */
  readonly onNote: (note: string) => void;
  /** Ends the loading. What has been downloaded is kept for the next time. */
  readonly signal: AbortSignal;
}

export interface ModelHost {
  load(source: ModelSource, options: HostLoadOptions): Promise<HostedModel>;
}

import { defaultTools } from "../tools/default-tools.ts";
import { isToolSource, type ToolSource } from "../tools/tool-source.ts";

export const themes = ["system", "light", "dark"] as const;
export const backends = ["auto", "webgpu", "wasm", "cpu"] as const;
export const sharings = ["with a GPU", "always", "never"] as const;

/** What a person chose. Null leaves a choice to the model, or a limit away. */
export interface Settings {
  readonly theme: (typeof themes)[number];
  /** What computes; "auto" is the GPU where there is one, else WebAssembly. */
  readonly backend: (typeof backends)[number];
  /** When tabs that want the same model have one together. */
  readonly sharing: (typeof sharings)[number];
  /** Positions of the longest conversation. */
  readonly maxContext: number | null;
  /** What the states of turns may take, in megabytes, from which branches go on without reading them again. */
  readonly branchMemory: number | null;
  /** The address of the model that was loaded last, with which the next visit begins; empty for the embedded one. */
  readonly lastModel: string;
  /** Where models that have a name are looked for; empty for the Hugging Face hub itself. */
  readonly hubAddress: string;
  /** For models that the hub does not give to everybody; empty for none. */
  readonly hubToken: string;
  /** Whether the token is known to the next visit, too. */
  readonly keepHubToken: boolean;
  readonly systemPrompt: string;
  /** What answers have to satisfy, as text; empty for free answers. */
  readonly jsonSchema: string;
  readonly reasoning: boolean;
  /** Tokens after which the reasoning is ended for the model. */
  readonly thinkingBudget: number | null;
  readonly maxTokens: number | null;
  readonly temperature: number | null;
  readonly topP: number | null;
  readonly topK: number | null;
  readonly minP: number | null;
  readonly repetitionPenalty: number | null;
  readonly seed: number | null;
  /** Keep the most likely candidates of every token. */
  readonly recordProbabilities: boolean;
  readonly toolsEnabled: boolean;
  readonly tools: readonly ToolSource[];
}

export const defaultSettings: Settings = {
  theme: "system",
  backend: "auto",
  sharing: "with a GPU",
  maxContext: null,
  branchMemory: null,
  lastModel: "",
  hubAddress: "",
  hubToken: "",
  keepHubToken: false,
  systemPrompt: "",
  jsonSchema: "",
  reasoning: true,
  thinkingBudget: null,
  maxTokens: null,
  temperature: null,
  topP: null,
  topK: null,
  minP: null,
  repetitionPenalty: null,
  seed: null,
  recordProbabilities: true,
  toolsEnabled: true,
  tools: defaultTools,
};

/** The range of a number that can be set, for its field and for what was stored. */
export interface NumberRange {
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

const count = (min: number): NumberRange => ({ min, max: Number.MAX_SAFE_INTEGER, step: 1 });

export const numberRanges = {
  maxContext: count(16),
  branchMemory: count(0),
  thinkingBudget: count(0),
  maxTokens: count(1),
  temperature: { min: 0, max: 2, step: 0.05 },
  topP: { min: 0.01, max: 1, step: 0.01 },
  topK: count(0),
  minP: { min: 0, max: 1, step: 0.01 },
  repetitionPenalty: { min: 0.5, max: 2, step: 0.05 },
  seed: count(0),
} as const satisfies Partial<Record<keyof Settings, NumberRange>>;

export type NumberSetting = keyof typeof numberRanges;

/** Settings from storage, where anything may stand: what does not fit is the default. */
export function settingsOf(stored: unknown): Settings {
  if (typeof stored !== "object" || stored === null) return defaultSettings;
  const entries = Object.entries(defaultSettings).map(([key, fallback]) => {
    const value = (stored as Record<string, unknown>)[key];
    return [key, fits(key as keyof Settings, value) ? value : fallback];
  });
  return Object.fromEntries(entries) as Settings;
}

/** Settings as they are stored: a secret only where a person wished it. */
export function storedSettings(settings: Settings): Settings {
  return settings.keepHubToken ? settings : { ...settings, hubToken: "" };
}

function fits(key: keyof Settings, value: unknown): boolean {
  if (key === "theme") return themes.includes(value as Settings["theme"]);
  if (key === "sharing") return sharings.includes(value as Settings["sharing"]);
  if (key === "backend") return backends.includes(value as Settings["backend"]);
  if (key === "tools") return Array.isArray(value) && value.every(isToolSource);
  if (!(key in numberRanges)) return typeof value === typeof defaultSettings[key];
  return value === null || isInRange(key as NumberSetting, value);
}

/** Whether a value may be set, as whole as its step. */
export function isInRange(key: NumberSetting, value: unknown): value is number {
  const { min, max, step } = numberRanges[key];
  const isNumber = typeof value === "number" && Number.isFinite(value);
  return isNumber && value >= min && value <= max && (step !== 1 || Number.isInteger(value));
}

import type { Finish, Step } from "../conversation/turn.ts";

/** Tokens a second over all steps: as the engine measured them, or as they came here while one is under way. */
export function decodeRate(steps: readonly Step[]): number | undefined {
  let tokens = 0;
  let seconds = 0;
  for (const { finish, tokenCount, firstTokenAt, lastTokenAt } of steps) {
    if (finish !== undefined) {
      tokens += finish.usage.completionTokens;
      seconds += finish.decodeSeconds;
    } else if (firstTokenAt !== undefined && lastTokenAt !== undefined) {
      tokens += tokenCount - 1;
      seconds += (lastTokenAt - firstTokenAt) / 1000;
    }
  }
  return tokens > 0 && seconds > 0 ? tokens / seconds : undefined;
}

/** Prompt tokens that were computed each second, the known ones left out. */
export function prefillRate(steps: readonly Step[]): number | undefined {
  const finished = steps.flatMap(({ finish }) => (finish === undefined ? [] : [finish]));
  const tokens = finished.reduce((sum, { usage }) => sum + usage.promptTokens - usage.cachedTokens, 0);
  const seconds = finished.reduce((sum, { prefillSeconds }) => sum + prefillSeconds, 0);
  return tokens > 0 && seconds > 0 ? tokens / seconds : undefined;
}

/** Tokens of all steps together. */
export function usageOf(steps: readonly Step[]): Finish["usage"] | undefined {
  const usages = steps.flatMap(({ finish }) => (finish === undefined ? [] : [finish.usage]));
  if (usages.length === 0) return undefined;
  const sum = (key: keyof Finish["usage"]): number => usages.reduce((total, usage) => total + usage[key], 0);
  return {
    promptTokens: sum("promptTokens"),
    cachedTokens: sum("cachedTokens"),
    completionTokens: sum("completionTokens"),
    reasoningTokens: sum("reasoningTokens"),
  };
}

import type { StepTimes } from "@krait/worker";
import { useEffect, useState } from "react";
import { useApp, usePlayground } from "../shell/playground-context.ts";

/** Milliseconds from one step that is timed to the next: a timed step takes longer than another. */
const INTERVAL = 500;

/**
 * What the ops of a step took last, of the model that is loaded: "waiting" before an answer was generated while
 * somebody looked, "unknown" where what computes cannot tell.
 */
export function useStepTimes(): StepTimes | "waiting" | "unknown" {
  const playground = usePlayground();
  const isGenerating = useApp(({ generating }) => generating !== undefined);
  const model = useApp(({ model }) => (model.status === "ready" ? model.facts : undefined));
  const [timed, setTimed] = useState<{ readonly of: unknown; readonly times: StepTimes | "unknown" }>();
  useEffect(() => {
    if (!isGenerating || model === undefined) return;
    const leaving = new AbortController();
    const measure = async (): Promise<void> => {
      while (!leaving.signal.aborted) {
        const times = await playground.stepTimes(leaving.signal);
        setTimed({ of: model, times: times ?? "unknown" });
        if (times === undefined) return;
        await new Promise((resolve) => setTimeout(resolve, INTERVAL));
      }
    };
    // A model that is gone, or an answer that has ended, takes the question with it.
    measure().catch(() => {});
    return () => leaving.abort();
  }, [playground, isGenerating, model]);
  return timed !== undefined && timed.of === model ? timed.times : "waiting";
}

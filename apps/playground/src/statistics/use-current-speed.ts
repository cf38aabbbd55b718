import { shownPath } from "../conversation/conversation.ts";
import type { AssistantTurn, Step } from "../conversation/turn.ts";
import { useApp } from "../shell/playground-context.ts";
import { decodeRate, prefillRate } from "./speed.ts";

export interface CurrentSpeed {
  /** Tokens a second of the answer that is given, or was given last; undefined before there is one. */
  readonly decode: number | undefined;
  readonly prefill: number | undefined;
  /** Seconds from asking to the first token. */
  readonly firstTokenSeconds: number | undefined;
  readonly steps: readonly Step[];
}

export function useCurrentSpeed(): CurrentSpeed {
  const turn = useApp(({ conversations, current, generating }) => {
    if (generating !== undefined) return conversations[generating.conversation]?.turns[generating.turn];
    return shownPath(conversations[current]!).findLast(
      (each): each is AssistantTurn => each.role === "assistant" && each.author !== "edited",
    );
  });
  const steps = turn?.role === "assistant" ? turn.steps : [];
  const first = steps[0];
  return {
    decode: decodeRate(steps),
    prefill: prefillRate(steps),
    firstTokenSeconds:
      first?.firstTokenAt === undefined ? undefined : (first.firstTokenAt - first.startedAt) / 1000,
    steps,
  };
}

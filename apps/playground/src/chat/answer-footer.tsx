import type { ReactElement } from "react";
import type { AssistantTurn } from "../conversation/turn.ts";
import { counted, digits } from "../shell/quantities.ts";
import { decodeRate, usageOf } from "../statistics/speed.ts";

interface Props {
  readonly turn: AssistantTurn;
  readonly live: boolean;
}

/** Why an answer ended before the model ended it. */
const endings: Readonly<Record<string, string>> = {
  length: "cut at the limit of tokens",
  loop: "ended because it repeated itself",
};

/** How much was written, how fast, and how much of the prompt had been computed before. */
export function AnswerFooter({ turn, live }: Props): ReactElement | null {
  if (turn.author === "edited") return <p className="answer-footer">Edited by you</p>;
  const tokens = turn.steps.reduce((sum, step) => sum + step.tokenCount, 0);
  if (tokens === 0) return null;
  const rate = decodeRate(turn.steps);
  const usage = usageOf(turn.steps);
  const ending = live ? undefined : endings[turn.steps.at(-1)?.finish?.reason ?? ""];
  const parts = [
    counted(tokens, "token"),
    rate === undefined ? "" : `${digits(rate)} tokens/s`,
    usage && usage.cachedTokens > 0
      ? `${usage.cachedTokens.toLocaleString("en")} of ${counted(usage.promptTokens, "prompt token")} cached`
      : "",
    ending ?? "",
  ];
  return <p className="answer-footer figure">{parts.filter((part) => part !== "").join(" · ")}</p>;
}

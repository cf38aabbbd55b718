import type { Capabilities } from "./capabilities.ts";
import { isFields } from "./checks.ts";
import {
  appendSwitchWord,
  hideLaterCloses,
  hideMentions,
  type Reasoning,
  readsSwitchWords,
  setSwitchWords,
} from "./reasoning.ts";
import type { Turn } from "./repairs.ts";
import type { StandIns } from "./stand-ins.ts";

/** Hides what a template would take for a command or a mark in text that merely mentions it. */
export function hideTraps(
  turns: readonly Turn[],
  standIns: StandIns,
  repairs: Capabilities,
  literals: ReadonlySet<string>,
): Turn[] {
  const hasSwitches = readsSwitchWords(literals);
  return turns.map((turn) =>
    mapContent(turn, (content, role) => {
      if (hasSwitches && (role === "system" || role === "user"))
        return hideMentions(content, standIns.for("/"));
      if (role !== "assistant" || repairs.keepsTextAfterSecondClose) return content;
      return hideLaterCloses(content, standIns.for("<"));
    }),
  );
}

/**
 * Switches reasoning by the words that the template knows, so that the bytes are the template's own: every
 * switch word of the conversation is made to say the same, and one is added, which the template deletes.
 */
export function switchReasoning(
  turns: readonly Turn[],
  reasoning: Reasoning,
  literals: ReadonlySet<string>,
): readonly Turn[] {
  if (!readsSwitchWords(literals)) return turns;
  const isSwitch = (turn: Turn) =>
    isFields(turn.message) &&
    (turn.message.role === "system" || turn.message.role === "user") &&
    typeof turn.message.content === "string";
  const last = turns.findLastIndex(isSwitch);
  if (last < 0)
    return [
      { message: { role: "system", content: appendSwitchWord("", reasoning) }, index: undefined },
      ...turns,
    ];
  return turns.map((turn, i) => {
    if (!isSwitch(turn)) return turn;
    const switched = mapContent(turn, (content) => setSwitchWords(content, reasoning));
    return i === last ? mapContent(switched, (content) => appendSwitchWord(content, reasoning)) : switched;
  });
}

function mapContent(turn: Turn, map: (content: string, role: unknown) => string): Turn {
  const { message } = turn;
  if (!isFields(message) || typeof message.content !== "string") return turn;
  return { ...turn, message: { ...message, content: map(message.content, message.role) } };
}

import { type ReactElement, useState } from "react";
import { type Turn, textOf } from "../conversation/turn.ts";
import { IconButton } from "../shell/icon-button.tsx";
import { usePlayground } from "../shell/playground-context.ts";
import { BranchSwitcher } from "./branch-switcher.tsx";

interface Props {
  readonly turn: Turn;
  /** Undefined where it cannot be done now. */
  readonly onEdit?: (() => void) | undefined;
  readonly onRegenerate?: (() => void) | undefined;
  readonly onTokens?: (() => void) | undefined;
  readonly tokensShown?: boolean | undefined;
}

/** What can be done with a turn. */
export function TurnActions({ turn, onEdit, onRegenerate, onTokens, tokensShown }: Props): ReactElement {
  const playground = usePlayground();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(textOf(turn));
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  const isAnswer = turn.role === "assistant";
  return (
    <div className="turn-actions">
      <BranchSwitcher turn={turn.id} />
      <IconButton icon={copied ? "check" : "copy"} label={copied ? "Copied" : "Copy"} onClick={copy} />
      {onRegenerate && (
        <IconButton
          icon="retry"
          label={isAnswer ? "Answer again, on another branch" : "Have it answered again"}
          onClick={onRegenerate}
        />
      )}
      {onEdit && <IconButton icon="edit" label="Edit, on another branch" onClick={onEdit} />}
      {isAnswer && turn.state !== "running" && (
        <IconButton icon="branch" label="Branch from here" onClick={() => playground.branchAfter(turn.id)} />
      )}
      {onTokens && (
        <IconButton
          icon="tokens"
          label="Tokens and their probabilities"
          pressed={tokensShown}
          onClick={onTokens}
        />
      )}
    </div>
  );
}

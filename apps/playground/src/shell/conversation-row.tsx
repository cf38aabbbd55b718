import type { ReactElement } from "react";
import { type Conversation, titleOf } from "../conversation/conversation.ts";
import { Icon } from "./icon.tsx";
import { useSecondPress } from "./use-second-press.ts";

interface Props {
  readonly conversation: Conversation;
  readonly isCurrent: boolean;
  readonly onOpen: () => void;
  readonly onDelete: () => void;
}

/** A conversation to be opened, or deleted, which takes two presses: no branch of it is kept. */
export function ConversationRow({ conversation, isCurrent, onOpen, onDelete }: Props): ReactElement {
  const title = titleOf(conversation);
  const { asked, onClick, onBlur } = useSecondPress(onDelete);
  const label = `${asked ? "Yes, delete" : "Delete"} “${title}”`;
  return (
    <li data-current={isCurrent}>
      <button type="button" aria-current={isCurrent ? "true" : undefined} onClick={onOpen}>
        {title}
      </button>
      <button
        type="button"
        className={asked ? "delete danger" : "delete"}
        aria-label={label}
        title={label}
        onClick={onClick}
        onBlur={onBlur}
      >
        {asked ? "Delete?" : <Icon name="trash" />}
      </button>
    </li>
  );
}

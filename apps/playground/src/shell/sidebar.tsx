import type { ReactElement } from "react";
import { titleOf } from "../conversation/conversation.ts";
import { Icon } from "./icon.tsx";
import { IconButton } from "./icon-button.tsx";
import { Mark } from "./mark.tsx";
import { useApp, usePlayground } from "./playground-context.ts";

interface Props {
  /** On narrow screens it lies above the conversation. */
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onShortcuts: () => void;
}

/** The conversations, the last changed first. */
export function Sidebar({ open, onClose, onShortcuts }: Props): ReactElement {
  const playground = usePlayground();
  const conversations = useApp((state) => state.conversations);
  const current = useApp((state) => state.current);
  const sorted = Object.values(conversations).sort((a, b) => b.updatedAt - a.updatedAt);
  return (
    <nav className="sidebar" data-open={open} aria-label="Conversations">
      <div className="row brand">
        <Mark />
        <span>Krait</span>
        <div className="sidebar-close">
          <IconButton icon="close" label="Close" onClick={onClose} />
        </div>
      </div>
      <button
        type="button"
        className="new-conversation"
        onClick={() => {
          playground.startConversation();
          onClose();
        }}
      >
        <Icon name="plus" />
        New conversation
      </button>
      <ul className="conversations">
        {sorted.map((conversation) => (
          <li key={conversation.id} data-current={conversation.id === current}>
            <button
              type="button"
              aria-current={conversation.id === current ? "true" : undefined}
              onClick={() => {
                playground.openConversation(conversation.id);
                onClose();
              }}
            >
              {titleOf(conversation)}
            </button>
            <IconButton
              icon="trash"
              label={`Delete “${titleOf(conversation)}”`}
              onClick={() => playground.deleteConversation(conversation.id)}
            />
          </li>
        ))}
      </ul>
      <button type="button" className="quiet shortcuts-button" onClick={onShortcuts}>
        <Icon name="keyboard" />
        Keyboard
      </button>
    </nav>
  );
}

import { type ReactElement, useEffect, useRef } from "react";
import { ConversationRow } from "./conversation-row.tsx";
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
  const begin = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const opener = document.activeElement as HTMLElement | null;
    begin.current?.focus();
    return () => opener?.focus();
  }, [open]);
  const conversations = useApp((state) => state.conversations);
  const current = useApp((state) => state.current);
  // One in which nothing has been said is what the button above begins.
  const begun = Object.values(conversations).filter(({ turns }) => Object.keys(turns).length > 0);
  const sorted = begun.sort((a, b) => b.updatedAt - a.updatedAt);
  return (
    <>
      {open && <div className="scrim" onClick={onClose} aria-hidden="true" />}
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
          ref={begin}
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
            <ConversationRow
              key={conversation.id}
              conversation={conversation}
              isCurrent={conversation.id === current}
              onOpen={() => {
                playground.openConversation(conversation.id);
                onClose();
              }}
              onDelete={() => {
                playground.deleteConversation(conversation.id);
                // The button that had the keyboard is gone.
                begin.current?.focus();
              }}
            />
          ))}
        </ul>
        <button type="button" className="quiet shortcuts-button" onClick={onShortcuts}>
          <Icon name="keyboard" />
          Keyboard
        </button>
      </nav>
    </>
  );
}

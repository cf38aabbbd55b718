import { type KeyboardEvent, type ReactElement, useEffect, useRef, useState } from "react";

interface Props {
  readonly text: string;
  /** What saving does, in a word. */
  readonly action: string;
  readonly onSave: (text: string) => void;
  readonly onCancel: () => void;
}

/** Another text for a turn, which begins a branch of its own. */
export function TurnEditor({ text, action, onSave, onCancel }: Props): ReactElement {
  const [draft, setDraft] = useState(text);
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    field.current?.focus();
    field.current?.setSelectionRange(text.length, text.length);
  }, [text.length]);
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === "Escape") {
      event.stopPropagation();
      onCancel();
    } else if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      onSave(draft);
    }
  };
  return (
    <form
      className="turn-editor"
      onSubmit={(event) => {
        event.preventDefault();
        onSave(draft);
      }}
    >
      <textarea
        ref={field}
        aria-label="Text of the turn"
        value={draft}
        rows={2}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="row end">
        <small>Begins a branch; the old one is kept.</small>
        <button type="button" className="quiet" onClick={onCancel}>
          Cancel
        </button>
        <button type="submit" className="primary" disabled={draft.trim() === ""}>
          {action}
        </button>
      </div>
    </form>
  );
}

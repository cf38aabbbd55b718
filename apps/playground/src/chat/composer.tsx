import { type KeyboardEvent, type ReactElement, type RefObject, useEffect, useState } from "react";
import { Icon } from "../shell/icon.tsx";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { keepDraft, keptDraft } from "../storage/draft.ts";

interface Props {
  readonly field: RefObject<HTMLTextAreaElement | null>;
  /** Edits what the person said last. */
  readonly onEditLast: () => void;
}

const placeholders: Readonly<Record<string, string>> = {
  ready: "Write a message",
  none: "Choose a model to send this to",
  failed: "Choose another model to send this to",
  paused: "Write while the model waits",
};

/** Where the next turn is written. */
export function Composer({ field, onEditLast }: Props): ReactElement {
  const playground = usePlayground();
  const status = useApp(({ model }) => model.status);
  const isReady = status === "ready";
  const isGenerating = useApp(({ generating }) => generating !== undefined);
  const [draft, setDraft] = useState(keptDraft);
  useEffect(() => keepDraft(draft), [draft]);
  const canSend = isReady && !isGenerating && draft.trim() !== "";
  const send = (): void => {
    if (!canSend) return;
    setDraft("");
    void playground.send(draft.trim());
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && draft === "") {
      event.preventDefault();
      onEditLast();
    }
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <textarea
        ref={field}
        aria-label="Message"
        placeholder={placeholders[status] ?? "Write while the model loads"}
        value={draft}
        rows={1}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <div className="row">
        <ComposerSwitches />
        {isGenerating ? (
          <button
            type="button"
            className="send"
            aria-label="Stop"
            title="Stop (Esc)"
            onClick={() => playground.stop()}
          >
            <Icon name="stop" />
          </button>
        ) : (
          <button type="submit" className="send" aria-label="Send" title="Send (Enter)" disabled={!canSend}>
            <Icon name="send" />
          </button>
        )}
      </div>
    </form>
  );
}

function ComposerSwitches(): ReactElement {
  const playground = usePlayground();
  const { reasoning, toolsEnabled, tools } = useApp(({ settings }) => settings);
  const enabled = tools.filter((tool) => tool.enabled).length;
  return (
    <div className="switches">
      <button
        type="button"
        className="chip"
        aria-pressed={reasoning}
        onClick={() => playground.changeSettings({ reasoning: !reasoning })}
      >
        <Icon name="thought" />
        Reasoning
      </button>
      <button
        type="button"
        className="chip"
        aria-pressed={toolsEnabled && enabled > 0}
        disabled={enabled === 0}
        onClick={() => playground.changeSettings({ toolsEnabled: !toolsEnabled })}
      >
        <Icon name="tool" />
        {enabled === 1 ? "1 tool" : `${enabled} tools`}
      </button>
    </div>
  );
}

import type { ReactElement } from "react";
import { CapabilityNote } from "../capabilities/capability-note.tsx";
import { useApp, usePlayground } from "../shell/playground-context.ts";

const suggestions = ["Hello!", "What is 47 + 38?", "What is the weather in Paris and Tokyo?"] as const;

/** Before anything has been said. */
export function ChatStart(): ReactElement {
  const playground = usePlayground();
  const isReady = useApp(({ model }) => model.status === "ready");
  const isEmbedded = useApp(({ model }) => model.status === "ready" && model.source.kind === "embedded");
  return (
    <div className="chat-start">
      <h2>Talk to a model in this page</h2>
      <p>
        Everything runs in your browser: what you write, and what is answered, stays on this device.
        {isEmbedded &&
          " The model that is loaded is a toy of three million parameters that comes with the page; choose another above."}
      </p>
      <ul className="suggestions">
        {suggestions.map((text) => (
          <li key={text}>
            <button type="button" disabled={!isReady} onClick={() => playground.send(text)}>
              {text}
            </button>
          </li>
        ))}
      </ul>
      <CapabilityNote />
    </div>
  );
}

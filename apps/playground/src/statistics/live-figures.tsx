import type { ReactElement } from "react";
import { useApp } from "../shell/playground-context.ts";
import { bytesText, digits } from "../shell/quantities.ts";
import { useCurrentSpeed } from "./use-current-speed.ts";

/** Speed and memory at a glance. */
export function LiveFigures(): ReactElement | null {
  const memory = useApp(({ model }) =>
    model.status === "ready" ? model.facts.memory.totalBytes : undefined,
  );
  const { decode } = useCurrentSpeed();
  if (memory === undefined) return null;
  return (
    <dl className="live-figures figure">
      {decode !== undefined && (
        <div>
          <dt className="visually-hidden">Speed</dt>
          <dd>{digits(decode)} tokens/s</dd>
        </div>
      )}
      <div>
        <dt className="visually-hidden">Memory of the model</dt>
        <dd>{bytesText(memory)}</dd>
      </div>
    </dl>
  );
}

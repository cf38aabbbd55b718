import type { ReactElement } from "react";
import type { CallRecord } from "../conversation/turn.ts";
import { Icon } from "../shell/icon.tsx";

const states: Readonly<Record<CallRecord["state"], string>> = {
  writing: "writing the call",
  calling: "running",
  done: "returned",
  failed: "failed",
};

/** A call while the model writes it, while it runs, and with what it returned. */
export function ToolCall({ call }: { readonly call: CallRecord }): ReactElement {
  const result = "result" in call ? resultText(call.result) : undefined;
  return (
    <div className="tool-call" data-state={call.state} role="group" aria-label={`Call of ${call.name}`}>
      <div className="row">
        <Icon name="tool" />
        <code className="tool-name">{call.name}</code>
        <span className="state">{states[call.state]}</span>
      </div>
      <dl>
        <dt>Arguments</dt>
        <dd>
          <code>{call.arguments || "…"}</code>
        </dd>
        {result !== undefined && (
          <>
            <dt>{call.state === "failed" ? "Error" : "Result"}</dt>
            <dd>
              <code>{result}</code>
            </dd>
          </>
        )}
      </dl>
    </div>
  );
}

function resultText(result: unknown): string {
  if (typeof result === "string") return result;
  const error = (result as { error?: unknown } | null)?.error;
  if (typeof error === "string") return error;
  // On one line, with spaces at which it can be broken.
  return (JSON.stringify(result, null, 1) ?? "nothing").replace(/\n\s*/g, " ");
}

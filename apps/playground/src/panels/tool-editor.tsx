import { type ReactElement, useId, useState } from "react";
import { messageOf } from "../model/failure-text.ts";
import { useSecondPress } from "../shell/use-second-press.ts";
import { runInSandbox } from "../tools/sandbox.ts";
import type { ToolSource } from "../tools/tool-source.ts";

interface Props {
  readonly tool: ToolSource;
  readonly onChange: (tool: ToolSource) => void;
  readonly onDelete: () => void;
}

export function ToolEditor({ tool, onChange, onDelete }: Props): ReactElement {
  const { asked, onClick, onBlur } = useSecondPress(onDelete);
  const field = (key: "name" | "description" | "parameters" | "code", label: string, rows: number) => (
    <TextField
      label={label}
      rows={rows}
      value={tool[key]}
      onChange={(text) => onChange({ ...tool, [key]: text })}
    />
  );
  return (
    <div className="tool-editor">
      {field("name", "Name", 1)}
      {field("description", "What it does, for the model", 1)}
      {field("parameters", "Parameters, a JSON schema", 6)}
      {field("code", "JavaScript: the body of an async function of args", 8)}
      <Trial code={tool.code} />
      <button type="button" className="quiet danger" onClick={onClick} onBlur={onBlur}>
        {asked ? "Yes, delete it" : "Delete this tool"}
      </button>
    </div>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly rows: number;
  readonly value: string;
  readonly onChange: (text: string) => void;
}

function TextField({ label, rows, value, onChange }: TextFieldProps): ReactElement {
  const id = useId();
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {rows === 1 ? (
        <input id={id} value={value} spellCheck={false} onChange={(event) => onChange(event.target.value)} />
      ) : (
        <textarea
          id={id}
          className="code-field"
          rows={rows}
          value={value}
          spellCheck={false}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </div>
  );
}

/** Runs the code as a call of the model's would. */
function Trial({ code }: { readonly code: string }): ReactElement {
  const [args, setArgs] = useState("{}");
  const [outcome, setOutcome] = useState<{ readonly text: string; readonly failed: boolean }>();
  const run = async (): Promise<void> => {
    setOutcome(undefined);
    try {
      const value = await runInSandbox(code, argumentsOf(args));
      setOutcome({ text: JSON.stringify(value) ?? "nothing", failed: false });
    } catch (error) {
      setOutcome({ text: messageOf(error), failed: true });
    }
  };
  return (
    <div className="trial">
      <TextField label="Try it with arguments" rows={1} value={args} onChange={setArgs} />
      <button type="button" className="button" onClick={run}>
        Run
      </button>
      {outcome && (
        <output className={outcome.failed ? "failure" : undefined}>
          <code>{outcome.text}</code>
        </output>
      )}
    </div>
  );
}

function argumentsOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`The arguments have to be JSON, such as {"city": "Paris"}: ${messageOf(error)}.`);
  }
}

import { type ReactElement, useId } from "react";
import { messageOf } from "../model/failure-text.ts";
import { schemaOf } from "../settings/chat-options.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";

/** A schema that is not whole yet is said to be wrong, and holds no answer. */
export function SchemaField(): ReactElement {
  const playground = usePlayground();
  const text = useApp((state) => state.settings.jsonSchema);
  const problem = text.trim() === "" ? undefined : schemaProblem(text);
  const isWrong = problem !== undefined;
  const id = useId();
  return (
    <section>
      <h3>
        <label htmlFor={id}>Answers as JSON</label>
      </h3>
      <textarea
        id={id}
        className="code-field"
        rows={3}
        spellCheck={false}
        placeholder='{ "type": "object", … }'
        value={text}
        aria-invalid={isWrong}
        aria-describedby={`${id}-note`}
        onChange={(event) => playground.changeSettings({ jsonSchema: event.target.value })}
      />
      <small id={`${id}-note`} className={isWrong ? "failure" : undefined}>
        {problem ?? "A JSON schema that every answer has to satisfy."}
      </small>
    </section>
  );
}

/** Why a text is no JSON schema; undefined when it is one. */
function schemaProblem(text: string): string | undefined {
  if (schemaOf(text) !== undefined) return undefined;
  const consequence = "Answers are free until it is one.";
  try {
    JSON.parse(text);
    return `This is no JSON schema yet: it has to be an object. ${consequence}`;
  } catch (error) {
    return `This is no JSON schema yet: ${messageOf(error)}. ${consequence}`;
  }
}

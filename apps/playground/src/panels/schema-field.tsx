import { type ReactElement, useId } from "react";
import { schemaOf } from "../settings/chat-options.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";

/** A schema that is not whole yet is said to be wrong, and holds no answer. */
export function SchemaField(): ReactElement {
  const playground = usePlayground();
  const text = useApp((state) => state.settings.jsonSchema);
  const isWrong = text.trim() !== "" && schemaOf(text) === undefined;
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
        {isWrong ? "This is no JSON schema yet." : "A JSON schema that every answer has to satisfy."}
      </small>
    </section>
  );
}

import { type ReactElement, useId } from "react";
import { CapabilityNote } from "../capabilities/capability-note.tsx";
import { schemaOf } from "../settings/chat-options.ts";
import { backends, defaultSettings, type Settings, themes } from "../settings/settings.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { NumberField } from "./number-field.tsx";
import { SwitchField } from "./switch-field.tsx";

/** How answers are generated, and how the page looks. */
export function SettingsPanel(): ReactElement {
  const playground = usePlayground();
  const settings = useApp((state) => state.settings);
  const change = (changed: Partial<Settings>): void => playground.changeSettings(changed);
  const prompt = useId();
  const hub = useId();
  return (
    <div className="panel-content">
      <section>
        <h3>Instructions</h3>
        <label className="visually-hidden" htmlFor={prompt}>
          System prompt
        </label>
        <textarea
          id={prompt}
          rows={4}
          placeholder="System prompt: what the model should know and how it should answer"
          value={settings.systemPrompt}
          onChange={(event) => change({ systemPrompt: event.target.value })}
        />
      </section>
      <SchemaField />
      <section>
        <h3>Reasoning</h3>
        <SwitchField
          label="Reason before answering"
          checked={settings.reasoning}
          onChange={(reasoning) => change({ reasoning })}
        />
        <NumberField setting="thinkingBudget" label="Thinking budget, tokens" empty="none" />
        <NumberField setting="maxTokens" label="Answer at most, tokens" empty="no limit" />
      </section>
      <section>
        <h3>Sampling</h3>
        <NumberField setting="temperature" label="Temperature" empty="model's" />
        <NumberField setting="topP" label="Top-p" empty="model's" />
        <NumberField setting="topK" label="Top-k" empty="model's" />
        <NumberField setting="minP" label="Min-p" empty="model's" />
        <NumberField setting="repetitionPenalty" label="Repetition penalty" empty="model's" />
        <NumberField setting="seed" label="Seed" empty="random" />
        <SwitchField
          label="Keep token probabilities"
          note="For the token view of new answers."
          checked={settings.recordProbabilities}
          onChange={(recordProbabilities) => change({ recordProbabilities })}
        />
      </section>
      <section>
        <h3>Model</h3>
        <Choice
          label="Computes on"
          value={settings.backend}
          options={backends}
          onChange={(backend) => change({ backend })}
        />
        <NumberField setting="maxContext" label="Context, tokens" empty="model's" />
        <div className="field">
          <label htmlFor={hub}>Hub, where it is not huggingface.co</label>
          <input
            id={hub}
            type="url"
            placeholder="https://huggingface.co"
            value={settings.hubAddress}
            onChange={(event) => change({ hubAddress: event.target.value.trim() })}
          />
        </div>
        <small>These count from the next time that a model is loaded.</small>
      </section>
      <section>
        <h3>Page</h3>
        <Choice
          label="Theme"
          value={settings.theme}
          options={themes}
          onChange={(theme) => change({ theme })}
        />
      </section>
      <CapabilityNote />
      <button
        type="button"
        className="quiet"
        onClick={() => change({ ...defaultSettings, tools: settings.tools, theme: settings.theme })}
      >
        Reset to defaults
      </button>
    </div>
  );
}

/** A schema that is not whole yet is said to be wrong, and holds no answer. */
function SchemaField(): ReactElement {
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

interface ChoiceProps<Option extends string> {
  readonly label: string;
  readonly value: Option;
  readonly options: readonly Option[];
  readonly onChange: (option: Option) => void;
}

function Choice<Option extends string>({
  label,
  value,
  options,
  onChange,
}: ChoiceProps<Option>): ReactElement {
  const id = useId();
  return (
    <div className="number-field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value as Option)}>
        {options.map((option) => (
          <option key={option}>{option}</option>
        ))}
      </select>
    </div>
  );
}

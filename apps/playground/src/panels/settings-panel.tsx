import { type ReactElement, useId } from "react";
import { CapabilityNote } from "../capabilities/capability-note.tsx";
import { defaultSettings, type Settings, themes } from "../settings/settings.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { useSecondPress } from "../shell/use-second-press.ts";
import { ChoiceField } from "./choice-field.tsx";
import { ModelSettings } from "./model-settings.tsx";
import { NumberField } from "./number-field.tsx";
import { SchemaField } from "./schema-field.tsx";
import { SwitchField } from "./switch-field.tsx";

/** How answers are generated, and how the page looks. */
export function SettingsPanel(): ReactElement {
  const playground = usePlayground();
  const settings = useApp((state) => state.settings);
  const { tools, theme, lastModel } = settings;
  const change = (changed: Partial<Settings>): void => playground.changeSettings(changed);
  const prompt = useId();
  const reset = useSecondPress(() => change({ ...defaultSettings, tools, theme, lastModel }));
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
      <ModelSettings />
      <section>
        <h3>Page</h3>
        <ChoiceField
          label="Theme"
          value={settings.theme}
          options={themes}
          onChange={(theme) => change({ theme })}
        />
      </section>
      <CapabilityNote />
      <button
        type="button"
        className={reset.asked ? "quiet danger" : "quiet"}
        onClick={reset.onClick}
        onBlur={reset.onBlur}
      >
        {reset.asked ? "Yes, reset all but tools and theme" : "Reset to defaults"}
      </button>
    </div>
  );
}

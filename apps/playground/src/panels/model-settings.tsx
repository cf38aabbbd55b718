import { type ReactElement, useId } from "react";
import { backends, type Settings, sharings } from "../settings/settings.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { ChoiceField } from "./choice-field.tsx";
import { NumberField } from "./number-field.tsx";
import { SwitchField } from "./switch-field.tsx";

/** How the next model is loaded, and from where. */
export function ModelSettings(): ReactElement {
  const playground = usePlayground();
  const { backend, sharing, hubAddress, hubToken, keepHubToken } = useApp((state) => state.settings);
  const change = (changed: Partial<Settings>): void => playground.changeSettings(changed);
  const hub = useId();
  const token = useId();
  return (
    <section>
      <h3>Model</h3>
      <ChoiceField
        label="Computes on"
        value={backend}
        options={backends}
        onChange={(chosen) => change({ backend: chosen })}
      />
      <ChoiceField
        label="One for all tabs"
        value={sharing}
        options={sharings}
        onChange={(chosen) => change({ sharing: chosen })}
      />
      <NumberField setting="maxContext" label="Context, tokens" empty="model's" />
      <NumberField setting="branchMemory" label="Memory for branches, MB" empty="four turns" />
      <div className="field">
        <label htmlFor={hub}>Hub, where it is not huggingface.co</label>
        <input
          id={hub}
          type="url"
          placeholder="https://huggingface.co"
          value={hubAddress}
          onChange={(event) => change({ hubAddress: event.target.value.trim() })}
        />
      </div>
      <div className="field">
        <label htmlFor={token}>Access token, for models that the hub does not give to everybody</label>
        <input
          id={token}
          type="password"
          placeholder="hf_…"
          autoComplete="off"
          value={hubToken}
          onChange={(event) => change({ hubToken: event.target.value.trim() })}
        />
      </div>
      <SwitchField
        label="Remember the token"
        note="In this browser, as plain text. Otherwise it is forgotten when this tab is left."
        checked={keepHubToken}
        onChange={(checked) => change({ keepHubToken: checked })}
      />
      <small>
        These count from the next time that a model is loaded. In a worker of all tabs, WebAssembly may have
        one thread only.
      </small>
    </section>
  );
}

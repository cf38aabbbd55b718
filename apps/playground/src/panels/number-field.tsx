import { type ReactElement, useEffect, useId, useState } from "react";
import { isInRange, type NumberRange, type NumberSetting, numberRanges } from "../settings/settings.ts";
import { useApp, usePlayground } from "../shell/playground-context.ts";

interface Props {
  readonly setting: NumberSetting;
  readonly label: string;
  /** What an empty field means. */
  readonly empty: string;
}

/** A number that may be left to the model. What does not fit is shown as wrong, and not taken. */
export function NumberField({ setting, label, empty }: Props): ReactElement {
  const playground = usePlayground();
  const value = useApp(({ settings }) => settings[setting]);
  const [text, setText] = useState(value === null ? "" : String(value));
  const id = useId();
  // Another place may change it, such as "Reset"; but not what is being typed, such as "0."
  useEffect(() => {
    setText((shown) => (parse(shown) === value ? shown : value === null ? "" : String(value)));
  }, [value]);
  const typed = parse(text);
  const isValid = typed === null || isInRange(setting, typed);
  const { min, max, step } = numberRanges[setting];
  return (
    <div className="number-field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        type="number"
        inputMode="decimal"
        min={min}
        max={max}
        step={step}
        placeholder={empty}
        value={text}
        aria-invalid={!isValid}
        aria-describedby={isValid ? undefined : `${id}-note`}
        onChange={(event) => {
          setText(event.target.value);
          const next = parse(event.target.value);
          if (next === null || isInRange(setting, next)) playground.changeSettings({ [setting]: next });
        }}
      />
      {!isValid && (
        <small id={`${id}-note`} className="failure">
          {rangeText(numberRanges[setting])} {value === null ? "Not taken." : `Not taken: it stays ${value}.`}
        </small>
      )}
    </div>
  );
}

function rangeText({ min, max, step }: NumberRange): string {
  const kind = step === 1 ? "A whole number" : "A number";
  return max === Number.MAX_SAFE_INTEGER ? `${kind} of ${min} or more.` : `${kind} from ${min} to ${max}.`;
}

function parse(text: string): number | null {
  return text.trim() === "" ? null : Number(text);
}

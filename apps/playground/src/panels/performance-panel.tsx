import type { ReactElement } from "react";
import { useApp } from "../shell/playground-context.ts";
import { bytesText, digits, secondsText } from "../shell/quantities.ts";
import type { ModelFacts } from "../state/model-state.ts";
import { usageOf } from "../statistics/speed.ts";
import { useCurrentSpeed } from "../statistics/use-current-speed.ts";
import { usePageMemory } from "../statistics/use-page-memory.ts";
import { OpTimes } from "./op-times.tsx";

/** What the model takes, and how fast it is here. */
export function PerformancePanel(): ReactElement {
  const model = useApp((state) => state.model);
  if (model.status !== "ready") return <p className="panel-content note">No model is loaded.</p>;
  return (
    <div className="panel-content">
      <AnswerFigures maxContext={model.facts.maxContext} />
      <OpTimes />
      <ModelFigures facts={model.facts} />
    </div>
  );
}

function AnswerFigures({ maxContext }: { readonly maxContext: number }): ReactElement {
  const { decode, prefill, firstTokenSeconds, steps } = useCurrentSpeed();
  const usage = usageOf(steps);
  const last = steps.at(-1);
  const contextTokens = last?.finish
    ? last.finish.usage.promptTokens + last.finish.usage.completionTokens
    : (last?.prefill?.totalTokens ?? 0) + (last?.tokenCount ?? 0);
  return (
    <section>
      <h3>This answer</h3>
      <Figures
        rows={[
          ["Writing", decode === undefined ? "–" : `${digits(decode)} tokens/s`],
          ["Reading", prefill === undefined ? "–" : `${digits(prefill)} tokens/s`],
          [
            "First token after",
            firstTokenSeconds === undefined ? "–" : `${(firstTokenSeconds * 1000).toFixed(0)} ms`,
          ],
          [
            "Prompt tokens cached",
            usage === undefined ? "–" : `${usage.cachedTokens} of ${usage.promptTokens}`,
          ],
          ["Context", `${contextTokens.toLocaleString("en")} of ${maxContext.toLocaleString("en")}`],
        ]}
      />
      <progress aria-label="Context in use" max={maxContext} value={contextTokens} />
    </section>
  );
}

function ModelFigures({ facts }: { readonly facts: ModelFacts }): ReactElement {
  const pageMemory = usePageMemory();
  const { memory } = facts;
  return (
    <>
      <section>
        <h3>Memory</h3>
        <Figures
          rows={[
            ["Weights", bytesText(memory.weightBytes)],
            ["Recurrent states", bytesText(memory.stateBytes)],
            [`Keys and values, ${facts.kvDtype}`, bytesText(memory.kvBytes)],
            ["States of turns, for branches", bytesText(memory.cacheBytes)],
            ["Scratch", bytesText(memory.scratchBytes)],
            ["Model in all", bytesText(memory.totalBytes)],
            ...(pageMemory === undefined
              ? []
              : [["JavaScript of this page", bytesText(pageMemory)] as const]),
          ]}
        />
      </section>
      <section>
        <h3>Model</h3>
        <Figures
          rows={[
            ["Name", facts.name],
            ["Backend", facts.software ? `${facts.backend}, on a software driver` : facts.backend],
            ["Worker", facts.shared ? "of all tabs" : "this tab's own"],
            ["Parameters", memory.parameters.toLocaleString("en")],
            ["Loaded in", secondsText(facts.loadSeconds)],
          ]}
        />
        {facts.notShared !== undefined && (
          <p className="note">This tab has a model of its own. {facts.notShared}</p>
        )}
        <small>{facts.summary}</small>
        <details>
          <summary>Why there</summary>
          {facts.notes.map((note) => (
            <p className="note" key={note}>
              {note}
            </p>
          ))}
        </details>
      </section>
    </>
  );
}

function Figures({
  rows,
}: {
  readonly rows: readonly (readonly [name: string, value: string])[];
}): ReactElement {
  return (
    <dl className="figures">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd className="figure">{value}</dd>
        </div>
      ))}
    </dl>
  );
}

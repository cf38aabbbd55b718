import type { ReactElement } from "react";
import { labelOf } from "../model/model-source.ts";
import { Icon } from "../shell/icon.tsx";
import { useApp } from "../shell/playground-context.ts";
import type { ModelState } from "../state/model-state.ts";

/** The model that is loaded, or how far it is; opens the choice of another. */
export function ModelButton({ onClick }: { readonly onClick: () => void }): ReactElement {
  const model = useApp((state) => state.model);
  const name = model.status === "none" ? "Choose a model" : labelOf(model.source);
  return (
    <button
      type="button"
      className="model-button"
      data-status={model.status}
      onClick={onClick}
      title="Choose a model (m)"
    >
      <span className="dot" aria-hidden="true" />
      <span className="model-name">{name}</span>
      <span className="model-status">{statusOf(model)}</span>
      <Icon name="chevron" />
    </button>
  );
}

function statusOf(model: ModelState): string {
  switch (model.status) {
    case "none":
      return "";
    case "loading":
      return model.progress?.phase === "downloading" ? "downloading" : "loading";
    case "recovering":
      return "recovering";
    case "ready":
      return model.facts.backend;
    default:
      return model.status;
  }
}

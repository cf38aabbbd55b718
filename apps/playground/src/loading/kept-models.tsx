import { type ReactElement, useState } from "react";
import { isPartOf, type KeptModel } from "../model/model-cache.ts";
import type { ModelSource } from "../model/model-source.ts";
import { useApp } from "../shell/playground-context.ts";
import { bytesText } from "../shell/quantities.ts";
import { useSecondPress } from "../shell/use-second-press.ts";
import type { ModelState } from "../state/model-state.ts";
import type { KeptModels as Kept } from "./use-kept-models.ts";

interface Props {
  readonly kept: Kept;
  readonly onChoose: (source: ModelSource) => void;
}

/** What has been downloaded into this browser: how much it takes, to be loaded or deleted. */
export function KeptModels({ kept, onChoose }: Props): ReactElement | null {
  const { models, room, problem, remove } = kept;
  const loaded = useApp(({ model }) =>
    ["loading", "recovering", "ready"].includes(model.status) ? addressOf(model) : undefined,
  );
  if (models === undefined || (models.length === 0 && problem === undefined)) return null;
  return (
    <section className="field">
      <h3 id="kept-models">Kept in this browser</h3>
      <ul className="kept-models" aria-labelledby="kept-models">
        {models.map((model) => (
          <KeptModelRow
            key={model.address}
            model={model}
            inUse={loaded !== undefined && isPartOf(loaded, model.address)}
            onLoad={() => onChoose({ kind: "address", address: model.address })}
            onDelete={() => remove(model.address)}
          />
        ))}
      </ul>
      {problem !== undefined && (
        <small className="failure" role="alert">
          {problem}
        </small>
      )}
      {room?.usedBytes !== undefined && room.quotaBytes !== undefined && (
        <small>
          This page takes {bytesText(room.usedBytes)} of the {bytesText(room.quotaBytes)} that the browser
          lets it.
        </small>
      )}
    </section>
  );
}

function addressOf(model: ModelState): string | undefined {
  return model.status !== "none" && model.source.kind === "address" ? model.source.address : undefined;
}

interface RowProps {
  readonly model: KeptModel;
  readonly inUse: boolean;
  readonly onLoad: () => void;
  readonly onDelete: () => Promise<void>;
}

/** Deleting takes two presses: bringing a model back may take hours. */
function KeptModelRow({ model, inUse, onLoad, onDelete }: RowProps): ReactElement {
  const { address, byteLength, lastUsed, isComplete } = model;
  const [isDeleting, setIsDeleting] = useState(false);
  const { asked, onClick, onBlur } = useSecondPress(() => {
    setIsDeleting(true);
    void onDelete().then(() => setIsDeleting(false));
  });
  const day = lastUsed.toLocaleDateString("en", { dateStyle: "medium" });
  const facts = [bytesText(byteLength), isComplete ? `used ${day}` : "unfinished", inUse ? "in use" : ""];
  return (
    <li>
      <button type="button" className="kept-model" onClick={onLoad}>
        <span className="kept-address">{address}</span>
        <small className="figure">{facts.filter((fact) => fact !== "").join(" · ")}</small>
      </button>
      <button
        type="button"
        className={asked || isDeleting ? "quiet danger" : "quiet"}
        aria-label={`${asked ? "Yes, delete" : "Delete"} ${address}`}
        disabled={inUse || isDeleting}
        title={inUse ? "Load another model first" : undefined}
        onClick={onClick}
        onBlur={onBlur}
      >
        {isDeleting ? "Deleting…" : asked ? "Delete it?" : "Delete"}
      </button>
    </li>
  );
}

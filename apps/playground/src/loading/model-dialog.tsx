import { type FormEvent, type ReactElement, useId, useState } from "react";
import { isPartOf } from "../model/model-cache.ts";
import { type ModelSource, sourceOfAddress } from "../model/model-source.ts";
import { Modal } from "../shell/modal.tsx";
import { useApp, usePlayground } from "../shell/playground-context.ts";
import { FileChoice } from "./file-choice.tsx";
import { KeptModels } from "./kept-models.tsx";
import { useKeptModels } from "./use-kept-models.ts";

/** The choice of a model: the one that comes with the page, one at an address, or files at hand. */
export function ModelDialog({ onClose }: { readonly onClose: () => void }): ReactElement {
  const playground = usePlayground();
  const kept = useKeptModels();
  const recent = useApp((state) => state.recentModels).filter(
    (address) => !kept.models?.some((model) => isPartOf(address, model.address)),
  );
  const load = (source: ModelSource): void => {
    void playground.loadModel(source);
    onClose();
  };
  return (
    <Modal title="Choose a model" onClose={onClose}>
      <section>
        <button type="button" className="model-choice" onClick={() => load({ kind: "embedded" })}>
          <strong>Tiny model</strong>
          <span>Three million parameters, part of this page: loads at once, and is a toy.</span>
        </button>
      </section>
      <AddressForm onChoose={load} />
      {recent.length > 0 && (
        <ul className="recent" aria-label="Used before">
          {recent.map((address) => (
            <li key={address}>
              <button type="button" onClick={() => load({ kind: "address", address })}>
                {address}
              </button>
            </li>
          ))}
        </ul>
      )}
      <KeptModels kept={kept} onChoose={load} />
      <FileChoice onChoose={load} />
    </Modal>
  );
}

function AddressForm({ onChoose }: { readonly onChoose: (source: ModelSource) => void }): ReactElement {
  const [address, setAddress] = useState("");
  const [problem, setProblem] = useState<string>();
  const id = useId();
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    const source = sourceOfAddress(address);
    if (source === undefined) {
      setProblem("Neither a web address nor a name such as nvidia/NVIDIA-Nemotron-Nano-9B-v2.");
    } else {
      onChoose(source);
    }
  };
  return (
    <form className="field" onSubmit={submit}>
      <label htmlFor={id}>From the Hugging Face hub, or a web address</label>
      <div className="row">
        <input
          id={id}
          value={address}
          placeholder="org/name, org/name:Q4_0, or https://…/model.gguf"
          aria-describedby={`${id}-note`}
          aria-invalid={problem !== undefined}
          autoComplete="off"
          spellCheck={false}
          onChange={(event) => {
            setAddress(event.target.value);
            setProblem(undefined);
          }}
        />
        <button type="submit" className="primary" disabled={address.trim() === ""}>
          Load
        </button>
      </div>
      <small id={`${id}-note`} className={problem === undefined ? undefined : "failure"}>
        {problem ?? "Nemotron-H models, as safetensors or GGUF. What has been downloaded is kept."}
      </small>
    </form>
  );
}

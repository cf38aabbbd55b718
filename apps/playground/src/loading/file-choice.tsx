import { type ReactElement, useId, useState } from "react";
import { type ModelSource, sourceOfFiles } from "../model/model-source.ts";

/** Files of this machine as a model, by dialog; {@link DropTarget} takes them by hand. */
export function FileChoice({ onChoose }: { readonly onChoose: (source: ModelSource) => void }): ReactElement {
  const [problem, setProblem] = useState<string>();
  const choose = (files: FileList | null): void => {
    const source = sourceOfFiles([...(files ?? [])]);
    if (source !== undefined) onChoose(source);
    else setProblem("There is no .gguf or .safetensors file among these.");
  };
  return (
    <section className="field">
      <h3>From this device</h3>
      <div className="row">
        <FileButton label="Choose files" onFiles={choose} folder={false} />
        <FileButton label="Choose a folder" onFiles={choose} folder />
      </div>
      <small className={problem === undefined ? undefined : "failure"}>
        {problem ??
          "A GGUF file, or a folder with config.json, safetensors and tokenizer.json. Or drop them anywhere."}
      </small>
    </section>
  );
}

interface FileButtonProps {
  readonly label: string;
  readonly folder: boolean;
  readonly onFiles: (files: FileList | null) => void;
}

function FileButton({ label, folder, onFiles }: FileButtonProps): ReactElement {
  const id = useId();
  return (
    <>
      <input
        id={id}
        className="visually-hidden"
        type="file"
        multiple
        {...(folder && { webkitdirectory: "" })}
        onChange={(event) => onFiles(event.target.files)}
      />
      <label className="button" htmlFor={id}>
        {label}
      </label>
    </>
  );
}

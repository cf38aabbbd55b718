import { type ReactElement, useEffect, useState } from "react";
import { sourceOfFiles } from "../model/model-source.ts";
import { usePlayground } from "../shell/playground-context.ts";
import { droppedFiles } from "./dropped-files.ts";

/** Takes model files that are dropped anywhere on the page, and says so while they are above it. */
export function DropTarget(): ReactElement | null {
  const playground = usePlayground();
  const [shown, setShown] = useState<"nothing" | "invitation" | "refusal">("nothing");
  useEffect(() => {
    const onOver = (event: DragEvent): void => {
      if (!event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      setShown("invitation");
    };
    const onLeave = (event: DragEvent): void => {
      if (event.relatedTarget === null) setShown("nothing");
    };
    const onDrop = async (event: DragEvent): Promise<void> => {
      if (event.dataTransfer === null) return;
      event.preventDefault();
      const source = sourceOfFiles(await droppedFiles(event.dataTransfer));
      if (source !== undefined) {
        setShown("nothing");
        await playground.loadModel(source);
      } else {
        setShown("refusal");
        setTimeout(() => setShown("nothing"), 4000);
      }
    };
    addEventListener("dragover", onOver);
    addEventListener("dragleave", onLeave);
    addEventListener("drop", onDrop);
    return () => {
      removeEventListener("dragover", onOver);
      removeEventListener("dragleave", onLeave);
      removeEventListener("drop", onDrop);
    };
  }, [playground]);
  if (shown === "nothing") return null;
  return (
    <div className="drop-target" role="status">
      {shown === "invitation"
        ? "Drop a GGUF file or a model folder"
        : "There is no .gguf or .safetensors file among these"}
    </div>
  );
}

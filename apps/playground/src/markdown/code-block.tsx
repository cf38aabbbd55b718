import { type ReactElement, type ReactNode, useEffect, useState } from "react";
import { IconButton } from "../shell/icon-button.tsx";
import { type Highlight, type Highlighted, loadHighlight } from "./highlight.ts";

interface Props {
  readonly code: string;
  readonly language: string | undefined;
}

/** Code with its language, colours once those are loaded, and a button that copies it. */
export function CodeBlock({ code, language }: Props): ReactElement {
  const highlight = useHighlight();
  const [copied, setCopied] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard.writeText(code);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <figure className="code">
      <figcaption>
        <span>{language || "text"}</span>
        <IconButton icon={copied ? "check" : "copy"} label={copied ? "Copied" : "Copy code"} onClick={copy} />
      </figcaption>
      <pre tabIndex={0}>
        <code>{highlight && language ? nodes(highlight(code, language)) : code}</code>
      </pre>
    </figure>
  );
}

function useHighlight(): Highlight | undefined {
  const [highlight, setHighlight] = useState<Highlight>();
  useEffect(() => {
    let shown = true;
    void loadHighlight().then((loaded) => shown && setHighlight(() => loaded));
    return () => {
      shown = false;
    };
  }, []);
  return highlight;
}

function nodes({ children }: Pick<Highlighted, "children">): ReactNode {
  return children.map((node, index) => {
    if (node.type === "text") return node.value;
    if (node.type !== "element") return null;
    return (
      <span key={index} className={[node.properties.className].flat().join(" ")}>
        {nodes(node)}
      </span>
    );
  });
}

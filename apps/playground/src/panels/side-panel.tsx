import { type ReactElement, useEffect, useRef } from "react";
import { IconButton } from "../shell/icon-button.tsx";
import { type PanelName, panelNames } from "../shell/panel-name.ts";
import { BranchesPanel } from "./branches-panel.tsx";
import { PerformancePanel } from "./performance-panel.tsx";
import { SettingsPanel } from "./settings-panel.tsx";
import { ToolsPanel } from "./tools-panel.tsx";

interface Props {
  readonly name: PanelName;
  readonly onClose: () => void;
}

const contents: Readonly<Record<PanelName, () => ReactElement>> = {
  branches: BranchesPanel,
  tools: ToolsPanel,
  performance: PerformancePanel,
  settings: SettingsPanel,
};

/** Beside the conversation on wide screens, above it on narrow ones. */
export function SidePanel({ name, onClose }: Props): ReactElement {
  const Content = contents[name];
  const { label } = panelNames[name];
  const panel = useRef<HTMLElement>(null);
  const opener = useRef<Element | null>(null);
  useEffect(() => {
    opener.current ??= document.activeElement;
    panel.current?.focus();
    return () => (opener.current as HTMLElement | null)?.focus?.();
  }, []);
  return (
    <aside className="side-panel" aria-label={label} ref={panel} tabIndex={-1}>
      <header className="row">
        <h2>{label}</h2>
        <IconButton icon="close" label={`Close ${label.toLowerCase()}`} onClick={onClose} />
      </header>
      <Content />
    </aside>
  );
}

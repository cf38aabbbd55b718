import type { ReactElement } from "react";
import { ModelButton } from "../loading/model-button.tsx";
import { LiveFigures } from "../statistics/live-figures.tsx";
import { IconButton } from "./icon-button.tsx";
import { type PanelName, panelNames } from "./panel-name.ts";

interface Props {
  readonly panel: PanelName | undefined;
  readonly onPanel: (panel: PanelName) => void;
  readonly onMenu: () => void;
  readonly onModel: () => void;
}

export function TopBar({ panel, onPanel, onMenu, onModel }: Props): ReactElement {
  return (
    <header className="top-bar">
      <div className="menu-button">
        <IconButton icon="menu" label="Conversations" onClick={onMenu} />
      </div>
      <ModelButton onClick={onModel} />
      <LiveFigures />
      <div className="panel-buttons" role="group" aria-label="Panels">
        {Object.entries(panelNames).map(([name, { label, icon }]) => (
          <IconButton
            key={name}
            icon={icon}
            label={label}
            pressed={panel === name}
            onClick={() => onPanel(name as PanelName)}
          />
        ))}
      </div>
    </header>
  );
}

import { type ReactElement, useCallback, useRef, useState } from "react";
import { ChatView } from "../chat/chat-view.tsx";
import { Composer } from "../chat/composer.tsx";
import { GenerationStatus } from "../chat/generation-status.tsx";
import { DropTarget } from "../loading/drop-target.tsx";
import { ModelBanner } from "../loading/model-banner.tsx";
import { ModelDialog } from "../loading/model-dialog.tsx";
import { SidePanel } from "../panels/side-panel.tsx";
import type { PanelName } from "./panel-name.ts";
import { usePlayground } from "./playground-context.ts";
import { ShortcutsDialog } from "./shortcuts-dialog.tsx";
import { Sidebar } from "./sidebar.tsx";
import { StorageBanner } from "./storage-banner.tsx";
import { TopBar } from "./top-bar.tsx";
import { useShortcuts } from "./use-shortcuts.ts";
import { useTheme } from "./use-theme.ts";

export function App(): ReactElement {
  const playground = usePlayground();
  const [panel, setPanel] = useState<PanelName>();
  const [sidebarOpen, setSidebarOpen] = useState(false);
  const [dialog, setDialog] = useState<"model" | "shortcuts">();
  const composer = useRef<HTMLTextAreaElement>(null);
  useTheme();

  const closePanel = useCallback(() => setPanel(undefined), []);
  const closeDialog = useCallback(() => setDialog(undefined), []);
  const editLast = useCallback(() => {
    const buttons = document.querySelectorAll<HTMLElement>(".said [aria-label^='Edit']");
    [...buttons].at(-1)?.click();
  }, []);
  useShortcuts({
    write: () => composer.current?.focus(),
    newConversation: () => {
      playground.startConversation();
      composer.current?.focus();
    },
    panel: (name) => setPanel((shown) => (shown === name ? undefined : name)),
    shortcuts: () => setDialog("shortcuts"),
    model: () => setDialog("model"),
    escape: () => {
      if (playground.store.state.generating !== undefined) playground.stop();
      else if (sidebarOpen) setSidebarOpen(false);
      else closePanel();
    },
  });

  return (
    <div className="app" data-panel={panel !== undefined}>
      <a className="skip-link" href="#message">
        Skip to the message field
      </a>
      <Sidebar
        open={sidebarOpen}
        onClose={() => setSidebarOpen(false)}
        onShortcuts={() => setDialog("shortcuts")}
      />
      <div className="column">
        <TopBar
          panel={panel}
          onPanel={(name) => setPanel(panel === name ? undefined : name)}
          onMenu={() => setSidebarOpen(true)}
          onModel={() => setDialog("model")}
        />
        <main className="chat">
          <StorageBanner />
          <ModelBanner />
          <ChatView />
          <div id="message">
            <Composer field={composer} onEditLast={editLast} />
          </div>
          <GenerationStatus />
        </main>
      </div>
      {panel && <SidePanel name={panel} onClose={closePanel} />}
      {dialog === "model" && <ModelDialog onClose={closeDialog} />}
      {dialog === "shortcuts" && <ShortcutsDialog onClose={closeDialog} />}
      <DropTarget />
    </div>
  );
}

import { StrictMode } from "react";
import type { createRoot } from "react-dom/client";
import { detectCapabilities } from "./capabilities/capabilities.ts";
import { workerHost } from "./model/worker-host.ts";
import { keepOffline } from "./offline/keep-offline.ts";
import { App } from "./shell/app.tsx";
import { PlaygroundContext } from "./shell/playground-context.ts";
import { Playground } from "./state/playground.ts";
import { openStorage } from "./storage/database.ts";
import { persist } from "./storage/persistence.ts";

/** Shows the page as it was left, and loads its model. */
export async function start(create: typeof createRoot): Promise<void> {
  const storage = await openStorage();
  const playground = new Playground(workerHost(), await storage.settings());
  const { store } = playground;
  const [conversations, recentModels] = await Promise.all([storage.conversations(), storage.recentModels()]);
  store.dispatch({ type: "restored", conversations, recentModels });

  const flush = persist(store, storage, (error) => console.error("What was said could not be kept:", error));
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "hidden") void flush();
  });
  addEventListener("pagehide", () => void flush());

  create(document.getElementById("root")!).render(
    <StrictMode>
      <PlaygroundContext value={playground}>
        <App />
      </PlaygroundContext>
    </StrictMode>,
  );

  store.dispatch({ type: "capabilities-detected", capabilities: await detectCapabilities() });
  void playground.loadLastModel();
  void keepOffline();
}

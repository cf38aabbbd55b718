import { StrictMode } from "react";
import type { createRoot } from "react-dom/client";
import { detectCapabilities } from "./capabilities/capabilities.ts";
import { messageOf } from "./model/failure-text.ts";
import { workerHost } from "./model/worker-host.ts";
import { keepOffline } from "./offline/keep-offline.ts";
import { App } from "./shell/app.tsx";
import { PlaygroundContext } from "./shell/playground-context.ts";
import { Playground } from "./state/playground.ts";
import { openStorage } from "./storage/database.ts";
import { forgetfulStorage } from "./storage/forgetful-storage.ts";
import { persist } from "./storage/persistence.ts";

/** Shows the page as it was left, and loads its model. */
export async function start(create: typeof createRoot): Promise<void> {
  let storageProblem: string | undefined;
  const storage = await openStorage().catch((error: unknown) => {
    storageProblem = `This browser's storage cannot be opened: ${messageOf(error)}`;
    return forgetfulStorage();
  });
  const playground = new Playground(workerHost(), await storage.settings());
  const { store } = playground;
  const [conversations, recentModels] = await Promise.all([storage.conversations(), storage.recentModels()]);
  store.dispatch({ type: "restored", conversations, recentModels });

  store.dispatch({ type: "storage-reported", problem: storageProblem });
  const flush = persist(store, storage, (error) => {
    const problem = error === undefined ? storageProblem : `This browser's storage says: ${messageOf(error)}`;
    store.dispatch({ type: "storage-reported", problem });
  });
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

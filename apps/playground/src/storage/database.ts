import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Conversation } from "../conversation/conversation.ts";
import { type Settings, settingsOf, storedSettings } from "../settings/settings.ts";

interface Schema extends DBSchema {
  conversations: { key: string; value: Conversation };
  values: { key: string; value: unknown };
}

/** What is kept in this browser from one visit to the next. */
export interface PlaygroundStorage {
  conversations(): Promise<readonly Conversation[]>;
  saveConversation(conversation: Conversation): Promise<void>;
  deleteConversation(id: string): Promise<void>;
  settings(): Promise<Settings>;
  saveSettings(settings: Settings): Promise<void>;
  /** Addresses of models, the last used first. */
  recentModels(): Promise<readonly string[]>;
  saveRecentModels(models: readonly string[]): Promise<void>;
  close(): void;
}

const VERSION = 1;

export async function openStorage(name = "krait-playground"): Promise<PlaygroundStorage> {
  const database: IDBPDatabase<Schema> = await openDB<Schema>(name, VERSION, {
    upgrade(created) {
      created.createObjectStore("conversations", { keyPath: "id" });
      created.createObjectStore("values");
    },
    // A newer version of this page, in another tab, waits for it.
    blocking: () => database.close(),
  });
  const saveValue = async (key: string, value: unknown): Promise<void> => {
    const transaction = database.transaction("values", "readwrite");
    await committed(transaction, transaction.store.put(value, key));
  };
  return {
    conversations: async () => (await database.getAll("conversations")).map(withoutRunning),
    async saveConversation(conversation) {
      const transaction = database.transaction("conversations", "readwrite");
      await committed(transaction, transaction.store.put(conversation));
    },
    deleteConversation: (id) => database.delete("conversations", id),
    settings: async () => settingsOf(await database.get("values", "settings")),
    async saveSettings(settings) {
      await saveValue("settings", storedSettings(settings));
    },
    async recentModels() {
      const stored = await database.get("values", "recentModels");
      return Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : [];
    },
    async saveRecentModels(models) {
      await saveValue("recentModels", models);
    },
    close: () => database.close(),
  };
}

/** Ends a transaction at once: else one that nobody is left to end is given up when the page is left. */
async function committed(
  transaction: { commit(): void; readonly done: Promise<void> },
  written: Promise<unknown>,
): Promise<void> {
  transaction.commit();
  await Promise.all([written, transaction.done]);
}

/** What was being generated when the page was closed has been stopped by that. */
function withoutRunning(conversation: Conversation): Conversation {
  const turns = Object.entries(conversation.turns).map(([id, turn]) =>
    turn.role === "assistant" && turn.state === "running" ? [id, { ...turn, state: "stopped" }] : [id, turn],
  );
  return { ...conversation, turns: Object.fromEntries(turns) };
}

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
  return {
    conversations: async () => (await database.getAll("conversations")).map(withoutRunning),
    async saveConversation(conversation) {
      await database.put("conversations", conversation);
    },
    deleteConversation: (id) => database.delete("conversations", id),
    settings: async () => settingsOf(await database.get("values", "settings")),
    async saveSettings(settings) {
      await database.put("values", storedSettings(settings), "settings");
    },
    async recentModels() {
      const stored = await database.get("values", "recentModels");
      return Array.isArray(stored) ? stored.filter((each) => typeof each === "string") : [];
    },
    async saveRecentModels(models) {
      await database.put("values", models, "recentModels");
    },
    close: () => database.close(),
  };
}

/** What was being generated when the page was closed has been stopped by that. */
function withoutRunning(conversation: Conversation): Conversation {
  const turns = Object.entries(conversation.turns).map(([id, turn]) =>
    turn.role === "assistant" && turn.state === "running" ? [id, { ...turn, state: "stopped" }] : [id, turn],
  );
  return { ...conversation, turns: Object.fromEntries(turns) };
}

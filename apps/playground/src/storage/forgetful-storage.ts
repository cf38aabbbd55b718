import { defaultSettings } from "../settings/settings.ts";
import type { PlaygroundStorage } from "./database.ts";

/** Stands for a browser's storage where that cannot be had, as in some private windows: it keeps nothing. */
export function forgetfulStorage(): PlaygroundStorage {
  const nothing = async (): Promise<void> => {};
  return {
    conversations: async () => [],
    saveConversation: nothing,
    deleteConversation: nothing,
    settings: async () => defaultSettings,
    saveSettings: nothing,
    recentModels: async () => [],
    saveRecentModels: nothing,
    close() {},
  };
}

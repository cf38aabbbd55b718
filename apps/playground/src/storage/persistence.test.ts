import { expect, test } from "vitest";
import type { Conversation } from "../conversation/conversation.ts";
import { defaultSettings } from "../settings/settings.ts";
import { type Action, type AppState, initialState, reduce } from "../state/app-state.ts";
import { createStore } from "../state/store.ts";
import type { PlaygroundStorage } from "./database.ts";
import { persist } from "./persistence.ts";

function recordingStorage() {
  const kept = new Map<string, Conversation>();
  const writes: string[] = [];
  const storage: Partial<PlaygroundStorage> = {
    async saveConversation(conversation) {
      writes.push(`save ${conversation.id}`);
      kept.set(conversation.id, conversation);
    },
    async deleteConversation(id) {
      writes.push(`delete ${id}`);
      kept.delete(id);
    },
    async saveSettings() {
      writes.push("settings");
    },
    async saveRecentModels() {
      writes.push("models");
    },
  };
  return { storage: storage as PlaygroundStorage, kept, writes };
}

const userTurn = (id: string) => ({ id, parent: null, role: "user", text: id, createdAt: 1 }) as const;

function begin() {
  const store = createStore<AppState, Action>(reduce, initialState(defaultSettings, "first", 0));
  const recording = recordingStorage();
  const errors: unknown[] = [];
  const flush = persist(store, recording.storage, (error) => error !== undefined && errors.push(error));
  return { store, ...recording, errors, flush };
}

test("what has changed is kept once, and nothing else is written", async () => {
  const { store, kept, writes, flush } = begin();
  store.dispatch({ type: "turn-added", conversation: "first", turn: userTurn("a") });
  store.dispatch({ type: "turn-added", conversation: "first", turn: userTurn("b") });
  await flush();
  expect(writes).toEqual(["save first"]);
  expect(Object.keys(kept.get("first")!.turns)).toEqual(["a", "b"]);
  store.dispatch({ type: "settings-changed", settings: { theme: "dark" } });
  await flush();
  await flush();
  expect(writes).toEqual(["save first", "settings"]);
});

test("a conversation in which nothing was said is not kept, and one that is emptied is forgotten", async () => {
  const { store, writes, flush } = begin();
  store.dispatch({ type: "conversation-started", id: "second", at: 1 });
  await flush();
  expect(writes).toEqual([]);
  store.dispatch({ type: "turn-added", conversation: "second", turn: userTurn("a") });
  await flush();
  store.dispatch({ type: "turn-removed", conversation: "second", turn: "a" });
  await flush();
  store.dispatch({ type: "conversation-deleted", id: "first", replacement: "third", at: 2 });
  await flush();
  expect(writes).toEqual(["save second", "delete second", "delete first"]);
});

test("changes are kept by themselves after a moment", async () => {
  const { store, writes } = begin();
  store.dispatch({ type: "turn-added", conversation: "first", turn: userTurn("a") });
  expect(writes).toEqual([]);
  await expect.poll(() => writes).toEqual(["save first"]);
});

test("an answer is kept as soon as it has ended", async () => {
  const { store, storage } = begin();
  const kept: string[] = [];
  Object.assign(storage, { saveConversation: async ({ id }: Conversation) => void kept.push(id) });
  const turn = {
    id: "b",
    parent: "a",
    role: "assistant",
    steps: [],
    state: "running",
    author: "tiny",
    createdAt: 2,
  } as const;
  store.dispatch({ type: "turn-added", conversation: "first", turn: userTurn("a") });
  store.dispatch({ type: "generation-started", conversation: "first", turn });
  store.dispatch({ type: "generation-ended", state: "done" });
  await new Promise((resolve) => setTimeout(resolve)); // long before a change is kept by itself
  expect(kept).toEqual(["first"]);
});

test("storage that fails is told of, and tried again with the next change", async () => {
  const { store, storage, errors, writes, flush } = begin();
  const { saveConversation } = storage;
  Object.assign(storage, { saveConversation: () => Promise.reject(new Error("The disk is full.")) });
  store.dispatch({ type: "turn-added", conversation: "first", turn: userTurn("a") });
  await flush();
  expect(errors).toEqual([new Error("The disk is full.")]);
  Object.assign(storage, { saveConversation });
  store.dispatch({ type: "settings-changed", settings: { theme: "dark" } });
  await flush();
  expect(writes).toEqual(["save first", "settings"]);
});

test("what was kept is shown where it was left, unless something has been said meanwhile", () => {
  const { store } = begin();
  const at = (id: string, updatedAt: number): Conversation => ({
    id,
    createdAt: 0,
    updatedAt,
    turns: { a: userTurn("a") },
    choices: {},
  });
  const restored = {
    type: "restored",
    conversations: [at("old", 1), at("new", 2)],
    recentModels: ["m"],
  } as const;
  store.dispatch(restored);
  expect(store.state.current).toBe("new");
  expect(Object.keys(store.state.conversations).sort()).toEqual(["new", "old"]);
  const busy = begin().store;
  busy.dispatch({ type: "turn-added", conversation: "first", turn: userTurn("x") });
  busy.dispatch(restored);
  expect(busy.state.current).toBe("first");
  expect(Object.keys(busy.state.conversations)).toHaveLength(3);
});

import "fake-indexeddb/auto";
import { expect, test } from "vitest";
import { addTurn, newConversation, shownPath } from "../conversation/conversation.ts";
import { defaultSettings } from "../settings/settings.ts";
import { openStorage } from "./database.ts";

const user = { id: "a", parent: null, role: "user", text: "Hello!", createdAt: 1 } as const;
const running = {
  id: "b",
  parent: "a",
  role: "assistant",
  steps: [],
  state: "running",
  author: "tiny",
  createdAt: 2,
} as const;

test("a conversation that is kept is found by the next visit, with its branches", async () => {
  const conversation = addTurn(addTurn(newConversation("c", 0), user), { ...user, id: "b" });
  const first = await openStorage("branches");
  await first.saveConversation(conversation);
  first.close();
  const second = await openStorage("branches");
  expect(await second.conversations()).toEqual([conversation]);
  await second.deleteConversation("c");
  expect(await second.conversations()).toEqual([]);
  second.close();
});

test("an answer that was under way when the page was closed is found stopped", async () => {
  const storage = await openStorage("stopped");
  await storage.saveConversation(addTurn(addTurn(newConversation("c", 0), user), running));
  const [found] = await storage.conversations();
  expect(shownPath(found!).at(-1)).toEqual({ ...running, state: "stopped" });
  storage.close();
});

test("settings and models are kept, and are the defaults on the first visit", async () => {
  const storage = await openStorage("settings");
  expect(await storage.settings()).toEqual(defaultSettings);
  expect(await storage.recentModels()).toEqual([]);
  const changed = { ...defaultSettings, theme: "dark", temperature: 0.5 } as const;
  await storage.saveSettings({ ...changed, hubToken: "not to be kept" });
  await storage.saveRecentModels(["org/name"]);
  expect(await storage.settings()).toEqual(changed);
  expect(await storage.recentModels()).toEqual(["org/name"]);
  storage.close();
});

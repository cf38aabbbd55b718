import { type Turn, textOf } from "./turn.ts";

/** A tree of turns: each may be followed by several, of which one is shown. */
export interface Conversation {
  readonly id: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** By id, in the order in which they were added. */
  readonly turns: Readonly<Record<string, Turn>>;
  /**
   * Which turn is shown after each (after {@link START}: the first). Null ends the path there, though turns
   * follow; a turn without an entry is followed by its last child.
   */
  readonly choices: Readonly<Record<string, string | null>>;
}

/** What stands for the parent of the first turns in `choices`. */
export const START = "start";

export function newConversation(id: string, now: number): Conversation {
  return { id, createdAt: now, updatedAt: now, turns: {}, choices: {} };
}

/** The turns that follow one, or begin the conversation for null, in the order of their making. */
export function childrenOf(conversation: Conversation, parent: string | null): readonly Turn[] {
  return Object.values(conversation.turns).filter((turn) => turn.parent === parent);
}

/** A turn and those that stand in its place on other branches. */
export function siblingsOf(conversation: Conversation, id: string): readonly Turn[] {
  const turn = conversation.turns[id];
  return turn === undefined ? [] : childrenOf(conversation, turn.parent);
}

/** The turns that are shown, first to last. */
export function shownPath(conversation: Conversation): readonly Turn[] {
  const children = new Map<string, Turn[]>();
  for (const turn of Object.values(conversation.turns)) {
    const key = turn.parent ?? START;
    children.set(key, [...(children.get(key) ?? []), turn]);
  }
  const path: Turn[] = [];
  for (let key = START; ; ) {
    const choice = conversation.choices[key];
    const next = choice === undefined ? children.get(key)?.at(-1) : conversation.turns[choice ?? ""];
    if (next === undefined) return path;
    path.push(next);
    key = next.id;
  }
}

/** The turns from the first to `id`, whether they are shown or not. */
export function pathTo(conversation: Conversation, id: string | null): readonly Turn[] {
  const path: Turn[] = [];
  for (let turn = conversation.turns[id ?? ""]; turn; turn = conversation.turns[turn.parent ?? ""]) {
    path.unshift(turn);
  }
  return path;
}

/** Adds a turn and shows the branch that it is on. */
export function addTurn(conversation: Conversation, turn: Turn): Conversation {
  const added = {
    ...conversation,
    updatedAt: turn.createdAt,
    turns: { ...conversation.turns, [turn.id]: turn },
  };
  return showTurn(added, turn.id);
}

export function replaceTurn(conversation: Conversation, turn: Turn): Conversation {
  if (!(turn.id in conversation.turns)) return conversation;
  return { ...conversation, turns: { ...conversation.turns, [turn.id]: turn } };
}

/** Shows the branch of a turn, and what was last shown after it. */
export function showTurn(conversation: Conversation, id: string): Conversation {
  const chosen = Object.fromEntries(pathTo(conversation, id).map((turn) => [turn.parent ?? START, turn.id]));
  return { ...conversation, choices: { ...conversation.choices, ...chosen } };
}

/** Shows the conversation up to a turn only, so that what is written next begins a branch there. */
export function branchAfter(conversation: Conversation, id: string): Conversation {
  const shown = showTurn(conversation, id);
  return { ...shown, choices: { ...shown.choices, [id]: null } };
}

/** Removes a turn and all that follows it. What is shown in its place is the last of its siblings. */
export function removeTurn(conversation: Conversation, id: string): Conversation {
  const removed = new Set([id]);
  // Parents stand before their children, so one pass finds all.
  for (const turn of Object.values(conversation.turns)) {
    if (turn.parent !== null && removed.has(turn.parent)) removed.add(turn.id);
  }
  const kept = <Value>(
    entries: Readonly<Record<string, Value>>,
    gone: (value: Value, key: string) => boolean,
  ) => Object.fromEntries(Object.entries(entries).filter(([key, value]) => !gone(value, key)));
  return {
    ...conversation,
    turns: kept(conversation.turns, (_, key) => removed.has(key)),
    choices: kept(conversation.choices, (to, from) => removed.has(from) || (to !== null && removed.has(to))),
  };
}

/** How many ways the conversation has been taken: turns that nothing follows. */
export function branchCount(conversation: Conversation): number {
  const parents = new Set(Object.values(conversation.turns).map(({ parent }) => parent));
  return Object.keys(conversation.turns).filter((id) => !parents.has(id)).length;
}

const TITLE_LENGTH = 60;

/** The beginning of the first thing that was said. */
export function titleOf(conversation: Conversation): string {
  const first = Object.values(conversation.turns)[0];
  const text = first === undefined ? "" : textOf(first).replace(/\s+/g, " ").trim();
  if (text === "") return "New conversation";
  return text.length > TITLE_LENGTH ? `${text.slice(0, TITLE_LENGTH - 1).trimEnd()}…` : text;
}

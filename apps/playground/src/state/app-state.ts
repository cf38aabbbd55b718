import type { Capabilities } from "../capabilities/capabilities.ts";
import { applyEvents, type TimedEvent } from "../conversation/apply-events.ts";
import {
  addTurn,
  branchAfter,
  type Conversation,
  newConversation,
  removeTurn,
  replaceTurn,
  showTurn,
} from "../conversation/conversation.ts";
import type { AssistantTurn, Turn } from "../conversation/turn.ts";
import type { Settings } from "../settings/settings.ts";
import type { ModelState } from "./model-state.ts";

/** All that the page shows. */
export interface AppState {
  readonly conversations: Readonly<Record<string, Conversation>>;
  /** The id of the conversation that is shown. */
  readonly current: string;
  readonly settings: Settings;
  readonly recentModels: readonly string[];
  readonly model: ModelState;
  readonly capabilities: Capabilities | undefined;
  /** Why what is said here is not kept, if it is not. */
  readonly storageProblem: string | undefined;
  /** The answer that is being generated. */
  readonly generating: { readonly conversation: string; readonly turn: string } | undefined;
}

export type Action =
  | {
      readonly type: "restored";
      readonly conversations: readonly Conversation[];
      readonly recentModels: readonly string[];
    }
  | { readonly type: "capabilities-detected"; readonly capabilities: Capabilities }
  | { readonly type: "storage-reported"; readonly problem: string | undefined }
  | { readonly type: "settings-changed"; readonly settings: Partial<Settings> }
  | { readonly type: "recent-models-changed"; readonly recentModels: readonly string[] }
  | { readonly type: "model-changed"; readonly model: ModelState }
  | { readonly type: "conversation-started"; readonly id: string; readonly at: number }
  | { readonly type: "conversation-opened"; readonly id: string }
  | {
      readonly type: "conversation-deleted";
      readonly id: string;
      readonly replacement: string;
      readonly at: number;
    }
  | { readonly type: "turn-added"; readonly conversation: string; readonly turn: Turn }
  | { readonly type: "turn-shown"; readonly conversation: string; readonly turn: string }
  | { readonly type: "turn-removed"; readonly conversation: string; readonly turn: string }
  | { readonly type: "branch-begun"; readonly conversation: string; readonly turn: string }
  | { readonly type: "generation-started"; readonly conversation: string; readonly turn: AssistantTurn }
  | { readonly type: "generation-advanced"; readonly events: readonly TimedEvent[] }
  | { readonly type: "generation-restarted" }
  | {
      readonly type: "generation-ended";
      readonly state: "done" | "stopped" | "failed";
      readonly error?: string | undefined;
    };

export function initialState(settings: Settings, id: string, now: number): AppState {
  return {
    conversations: { [id]: newConversation(id, now) },
    current: id,
    settings,
    recentModels: [],
    model: { status: "none" },
    capabilities: undefined,
    storageProblem: undefined,
    generating: undefined,
  };
}

export function reduce(state: AppState, action: Action): AppState {
  switch (action.type) {
    case "restored":
      return withRestored({ ...state, recentModels: action.recentModels }, action.conversations);
    case "capabilities-detected":
      return { ...state, capabilities: action.capabilities };
    case "storage-reported":
      return action.problem === state.storageProblem ? state : { ...state, storageProblem: action.problem };
    case "settings-changed":
      return { ...state, settings: { ...state.settings, ...action.settings } };
    case "recent-models-changed":
      return { ...state, recentModels: action.recentModels };
    case "model-changed":
      return { ...state, model: action.model };
    case "conversation-started":
      return withConversation({ ...state, current: action.id }, newConversation(action.id, action.at));
    case "conversation-opened":
      return action.id in state.conversations ? { ...state, current: action.id } : state;
    case "conversation-deleted":
      return withoutConversation(state, action);
    case "turn-added":
      return changed(state, action.conversation, (each) => addTurn(each, action.turn));
    case "turn-shown":
      return changed(state, action.conversation, (each) => showTurn(each, action.turn));
    case "turn-removed":
      return changed(state, action.conversation, (each) => removeTurn(each, action.turn));
    case "branch-begun":
      return changed(state, action.conversation, (each) => branchAfter(each, action.turn));
    case "generation-started": {
      const { conversation, turn } = action;
      const added = changed(state, conversation, (each) => addTurn(each, turn));
      return { ...added, generating: { conversation, turn: turn.id } };
    }
    case "generation-advanced":
      return changedAnswer(state, (turn) => applyEvents(turn, action.events));
    case "generation-restarted":
      return changedAnswer(state, (turn) => ({ ...turn, steps: [] }));
    case "generation-ended": {
      const ended = changedAnswer(state, (turn) => ({ ...turn, state: action.state, error: action.error }));
      return { ...ended, generating: undefined };
    }
  }
}

/** Opens the conversation that was changed last, unless one has been begun meanwhile. */
function withRestored(state: AppState, restored: readonly Conversation[]): AppState {
  const { [state.current]: begun, ...others } = state.conversations;
  const byId = { ...Object.fromEntries(restored.map((each) => [each.id, each])), ...others };
  const latest = latestOf(Object.values(byId));
  const isEmpty = Object.keys(begun!.turns).length === 0;
  if (isEmpty && latest !== undefined) return { ...state, conversations: byId, current: latest.id };
  return withConversation({ ...state, conversations: byId }, begun!);
}

function latestOf(conversations: readonly Conversation[]): Conversation | undefined {
  return [...conversations].sort((a, b) => b.updatedAt - a.updatedAt)[0];
}

function withConversation(state: AppState, conversation: Conversation): AppState {
  return { ...state, conversations: { ...state.conversations, [conversation.id]: conversation } };
}

function changed(
  state: AppState,
  id: string,
  change: (conversation: Conversation) => Conversation,
): AppState {
  const conversation = state.conversations[id];
  return conversation === undefined ? state : withConversation(state, change(conversation));
}

function changedAnswer(state: AppState, change: (turn: AssistantTurn) => AssistantTurn): AppState {
  if (state.generating === undefined) return state;
  const { conversation, turn: id } = state.generating;
  return changed(state, conversation, (each) => {
    const turn = each.turns[id];
    return turn?.role === "assistant" ? replaceTurn(each, change(turn)) : each;
  });
}

/** There is always a conversation to show: the last that was changed, or a new one. */
function withoutConversation(
  state: AppState,
  { id, replacement, at }: Extract<Action, { type: "conversation-deleted" }>,
): AppState {
  const { [id]: _, ...rest } = state.conversations;
  if (id !== state.current) return { ...state, conversations: rest };
  const conversation = latestOf(Object.values(rest)) ?? newConversation(replacement, at);
  return withConversation({ ...state, conversations: rest, current: conversation.id }, conversation);
}

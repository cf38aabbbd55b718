import type { Conversation } from "../conversation/conversation.ts";
import type { Action, AppState } from "../state/app-state.ts";
import type { Store } from "../state/store.ts";
import type { PlaygroundStorage } from "./database.ts";

/** Milliseconds after which a change is kept. */
const DELAY = 300;

/**
 * Keeps what changes in the store. While an answer is generated its conversation changes many times a
 * second, so changes are gathered for a moment.
 *
 * @param onOutcome - told after each write why it failed, or undefined. What failed is written with the next change.
 * @returns what writes at once, for when the page is left.
 */
export function persist(
  store: Store<AppState, Action>,
  storage: PlaygroundStorage,
  onOutcome: (error: unknown) => void,
): () => Promise<void> {
  let kept = store.state;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let writing: Promise<void> = Promise.resolve();

  function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const from = kept;
    const to = store.state;
    kept = to;
    writing = writing.then(async () => {
      try {
        await write(storage, from, to);
        onOutcome(undefined);
      } catch (error) {
        if (kept === to) kept = from;
        onOutcome(error);
      }
    });
    return writing;
  }

  let generating = store.state.generating;
  store.subscribe(() => {
    const hasEnded = generating !== undefined && store.state.generating === undefined;
    generating = store.state.generating;
    // Whoever has read an answer to its end may leave at once.
    if (hasEnded) void flush();
    else timer ??= setTimeout(flush, DELAY);
  });
  return flush;
}

async function write(storage: PlaygroundStorage, from: AppState, to: AppState): Promise<void> {
  const changed = Object.values(to.conversations).filter(
    (each) => each !== from.conversations[each.id] && !isEmpty(each),
  );
  const deleted = Object.keys(from.conversations).filter((id) => !(id in to.conversations));
  const emptied = Object.values(to.conversations).filter(
    (each) =>
      isEmpty(each) && from.conversations[each.id] !== undefined && !isEmpty(from.conversations[each.id]!),
  );
  await Promise.all([
    ...changed.map((each) => storage.saveConversation(each)),
    ...[...deleted, ...emptied.map(({ id }) => id)].map((id) => storage.deleteConversation(id)),
    to.settings === from.settings ? undefined : storage.saveSettings(to.settings),
    to.recentModels === from.recentModels ? undefined : storage.saveRecentModels(to.recentModels),
  ]);
}

/** One in which nothing has been said is not worth keeping. */
function isEmpty({ turns }: Conversation): boolean {
  return Object.keys(turns).length === 0;
}

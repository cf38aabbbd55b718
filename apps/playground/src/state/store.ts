import { useSyncExternalStore } from "react";

/** A state that changes by actions alone, and tells whoever looks at it. */
export interface Store<State, Action> {
  readonly state: State;
  dispatch(action: Action): void;
  /** @returns what ends the subscription. */
  subscribe(listener: () => void): () => void;
}

export function createStore<State, Action>(
  reduce: (state: State, action: Action) => State,
  initial: State,
): Store<State, Action> {
  const listeners = new Set<() => void>();
  let state = initial;
  return {
    get state() {
      return state;
    },
    dispatch(action) {
      const next = reduce(state, action);
      if (next === state) return;
      state = next;
      for (const listener of listeners) listener();
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** A part of a store's state; the component is drawn again when that part is another value. */
export function useStore<State, Part>(store: Store<State, never>, select: (state: State) => Part): Part {
  return useSyncExternalStore(store.subscribe, () => select(store.state));
}

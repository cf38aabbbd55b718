import { createContext, useContext } from "react";
import type { AppState } from "../state/app-state.ts";
import type { Playground } from "../state/playground.ts";
import { useStore } from "../state/store.ts";

export const PlaygroundContext = createContext<Playground | undefined>(undefined);

export function usePlayground(): Playground {
  const playground = useContext(PlaygroundContext);
  if (playground === undefined) throw new Error("There is no PlaygroundContext around this component.");
  return playground;
}

/** A part of what the page shows. `select` gives the same value for the same state. */
export function useApp<Part>(select: (state: AppState) => Part): Part {
  return useStore(usePlayground().store, select);
}

import { useCallback, useEffect, useState } from "react";
import { messageOf } from "../model/failure-text.ts";
import type { KeptModel, StorageRoom } from "../model/model-cache.ts";
import { usePlayground } from "../shell/playground-context.ts";

export interface KeptModels {
  /** Undefined until the browser's storage has been read. */
  readonly models: readonly KeptModel[] | undefined;
  readonly room: StorageRoom | undefined;
  /** Why the storage cannot be read or changed, for a person. */
  readonly problem: string | undefined;
  readonly remove: (address: string) => Promise<void>;
}

/** What this browser keeps, read when the component appears and after each change. */
export function useKeptModels(): KeptModels {
  const playground = usePlayground();
  const { cache } = playground;
  const [found, setFound] = useState<Pick<KeptModels, "models" | "room" | "problem">>({
    models: undefined,
    room: undefined,
    problem: undefined,
  });
  const read = useCallback(async (): Promise<void> => {
    try {
      const [models, room] = await Promise.all([cache.list(), cache.room()]);
      setFound({ models, room, problem: undefined });
    } catch (error) {
      setFound({ models: [], room: undefined, problem: messageOf(error) });
    }
  }, [cache]);
  useEffect(() => void read(), [read]);
  const remove = async (address: string): Promise<void> => {
    const failure = await playground.deleteModel(address).then(() => undefined, messageOf);
    await read();
    if (failure !== undefined) setFound((each) => ({ ...each, problem: failure }));
  };
  return { ...found, remove };
}

import { type Backend, BackendLostError } from "@krait/tensor";
import { wrapBackend, wrapExecutable, wrapStep } from "./wrong-backend.ts";

/** A backend that says how much it has run, and that can be taken away. */
export interface WatchedBackend {
  readonly backend: Backend;
  /** Rows of all steps so far. */
  readonly rows: number;
  /** From now on it is lost: whoever waits for that is told, and no step runs any more. */
  lose(): BackendLostError;
}

export function watchBackend(backend: Backend): WatchedBackend {
  let rows = 0;
  let loss: BackendLostError | undefined;
  let tell: (error: BackendLostError) => void = () => {};
  const lost = new Promise<BackendLostError>((resolve) => {
    tell = resolve;
  });
  const watched = wrapBackend(backend, {
    lost,
    async compile(program, options) {
      const executable = await backend.compile(program, options);
      return wrapExecutable(executable, (step) => ({
        ...wrapStep(step),
        run(extents, feeds) {
          if (loss !== undefined) throw loss;
          rows += extents.rows;
          step.run(extents, feeds);
        },
      }));
    },
  });
  return {
    backend: watched,
    get rows() {
      return rows;
    },
    lose() {
      loss ??= new BackendLostError(backend.name, "a test took it away");
      tell(loss);
      return loss;
    },
  };
}

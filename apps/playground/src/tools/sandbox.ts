import { frameDocument, type SandboxAnswer } from "./sandbox-frame.ts";

/** Milliseconds that one call may take. */
export const TOOL_TIME_LIMIT = 5_000;

export interface ToolCallOptions {
  readonly timeLimit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs the code of a tool where it reaches nothing: in a worker of its own, made by a frame of no origin
 * whose policy allows no request. Neither this page, its storage nor the network is there; what comes back
 * is what JSON can say.
 *
 * @param code - the body of an async function of `args`.
 * @throws what the code throws, as an `Error` with its message; that it took longer than the time limit;
 *   the signal's reason.
 */
export async function runInSandbox(
  code: string,
  args: unknown,
  { timeLimit = TOOL_TIME_LIMIT, signal }: ToolCallOptions = {},
): Promise<unknown> {
  signal?.throwIfAborted();
  const frame = document.createElement("iframe");
  frame.sandbox.add("allow-scripts");
  frame.hidden = true;
  frame.title = "Sandbox of a tool";
  frame.srcdoc = frameDocument;
  const channel = new MessageChannel();
  try {
    const loaded = new Promise((resolve) => frame.addEventListener("load", resolve, { once: true }));
    document.body.append(frame);
    await loaded;
    const answer = new Promise<SandboxAnswer>((resolve) => {
      channel.port1.onmessage = ({ data }) => resolve(data);
    });
    frame.contentWindow!.postMessage({ code, args }, "*", [channel.port2]);
    const { value, error } = await within(answer, timeLimit, signal);
    if (error !== undefined) throw new Error(error);
    return value === undefined ? undefined : JSON.parse(value);
  } finally {
    channel.port1.close();
    // Takes the worker with it, whatever that is doing.
    frame.remove();
  }
}

function within<Value>(promise: Promise<Value>, milliseconds: number, signal?: AbortSignal): Promise<Value> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => settle(() => reject(signal!.reason));
    const timer = setTimeout(
      () =>
        settle(() =>
          reject(new Error(`The tool took longer than ${milliseconds / 1000} seconds, and was ended.`)),
        ),
      milliseconds,
    );
    const settle = (then: () => void): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
      then();
    };
    signal?.addEventListener("abort", onAbort, { once: true });
    promise.then((value) => settle(() => resolve(value)), reject);
  });
}

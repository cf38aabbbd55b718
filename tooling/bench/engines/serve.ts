/** A question to a process that was forked to be measured. */
export interface Request {
  readonly id: number;
  readonly method: string;
  readonly argument: unknown;
}

export type Reply =
  | {
      readonly id: number;
      readonly result: unknown;
      /** Processor time that this process, all its threads included, took to answer. */
      readonly cpuSeconds: number;
      /** The most memory that was ever resident, mapped files included. */
      readonly peakBytes: number;
    }
  | { readonly id: number; readonly error: string };

/** Answers the questions of the process that forked this one, until that process hangs up. */
export function serve(methods: Readonly<Record<string, (argument: never) => Promise<unknown>>>): void {
  process.on("message", async ({ id, method, argument }: Request) => {
    const before = process.cpuUsage();
    try {
      const result = await methods[method]!(argument as never);
      const { user, system } = process.cpuUsage(before);
      const peakBytes = 1024 * process.resourceUsage().maxRSS;
      send({ id, result, cpuSeconds: (user + system) / 1e6, peakBytes });
    } catch (error) {
      send({ id, error: error instanceof Error ? error.message : String(error) });
    }
  });
  process.on("disconnect", () => process.exit());
}

function send(reply: Reply): void {
  process.send!(reply);
}

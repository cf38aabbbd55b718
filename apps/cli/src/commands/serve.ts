import type { AccessKey, AccessKeys, HandlerOptions } from "@krait/server";
import type { RunningServer, SqliteLedger } from "@krait/server/node";
import type { Command } from "commander";
import { InputError, UsageError } from "../errors.ts";
import { decimal, listed, wholeNumber } from "../flag-values.ts";
import { EMBEDDED_MAX_TOKENS } from "../generation-flags.ts";
import { quantizeFlag } from "../quantization.ts";
import { errorMessage } from "../report-error.ts";
import { type BatchFlags, batchesOf } from "../serve/batches-of.ts";
import { openServed, type ServedFlags } from "../serve/open-served.ts";

interface ServeFlags extends ServedFlags, BatchFlags {
  readonly host: string;
  readonly port: number;
  readonly parallel: number;
  readonly keys?: string;
  readonly ledger?: string;
  readonly priceIn?: number;
  readonly priceOut?: number;
  readonly priceCached?: number;
  readonly cors?: readonly string[];
  readonly timeout: number;
  readonly grace: number;
}

export function addServe(program: Command): void {
  program
    .command("serve")
    .description("Serve the model over HTTP, as OpenAI's and Anthropic's APIs do.")
    .option(
      "--host <address>",
      "the address to listen at; any but this machine's own needs keys",
      "127.0.0.1",
    )
    .option("--port <number>", "0 takes one that is free", wholeNumber(0, 65535), 8080)
    .option("--id <name>", "by which requests name the model; the last part of --model unless given")
    .option(
      "--context <tokens>",
      "positions to make room for; as many as the model was trained for unless given",
      wholeNumber(2),
    )
    .option("--parallel <count>", "answers generated at once", wholeNumber(1), 8)
    .addOption(quantizeFlag("what matrices become while they are loaded; as they are stored unless given"))
    .option(
      "--keys <file>",
      "JSON file of the keys of clients; KRAIT_API_KEYS has some, too, as name:key,name:key",
    )
    .option(
      "--upstream <url>",
      "a server with OpenAI's API that computes instead, of the same model as --model; may be repeated",
      listed,
    )
    .option("--upstream-model <name>", "by which the upstreams know the model; --id unless given")
    .option(
      "--upstream-silence <seconds>",
      "how long an upstream may say nothing before another is asked",
      wholeNumber(1),
      120,
    )
    .option(
      "--batches <folder>",
      "where files and batches are kept; in Redis where REDIS_URL is set, else in a folder of this user's",
    )
    .option("--ledger <file>", "SQLite file in which is written down who used how much")
    .option("--price-in <amount>", "of a million tokens of prompts", decimal)
    .option("--price-out <amount>", "of a million generated tokens", decimal)
    .option(
      "--price-cached <amount>",
      "of a million tokens of prompts that had been computed before",
      decimal,
    )
    .option(
      "--cors <origin>",
      "lets pages of this origin use the server, * those of any; may be repeated",
      listed,
    )
    .option("--timeout <seconds>", "for one answer", wholeNumber(1), 600)
    .option("--grace <seconds>", "for answers under way when the server is told to end", wholeNumber(0), 30)
    .action(async (_: unknown, command: Command) => {
      await serveUntilStopped(command.optsWithGlobals<ServeFlags>());
    });
}

async function serveUntilStopped(flags: ServeFlags): Promise<void> {
  // Nothing else in this program needs it.
  const { serve, AccessKeys, keysInText, readKeysFile } = await import("@krait/server/node");
  const always = keysInText(process.env.KRAIT_API_KEYS ?? "");
  const keys = new AccessKeys([
    ...always,
    ...(flags.keys === undefined ? [] : await readKeysFile(flags.keys)),
  ]);
  if (flags.keys !== undefined && keys.isOpen) {
    const message = `There are no keys in ${flags.keys}. To let everybody in, leave --keys out.`;
    throw new InputError("INPUT_INVALID", flags.keys, message);
  }
  const stop = stopSignal();
  await using served = await openServed(flags, stop.signal, say);
  const { model } = served;
  using ledger = await ledgerOf(flags);
  await using batches = await batchesOf(flags, say);
  const options: HandlerOptions = {
    ...{ keys, ledger, batches, corsOrigins: flags.cors },
    prices: { [model.id]: pricesOf(flags) },
    defaultMaxTokens: flags.maxTokens ?? (flags.model === undefined ? EMBEDDED_MAX_TOKENS : undefined),
    requestTimeoutSeconds: flags.timeout,
    onError: (error, requestId) => say(`${requestId}: ${errorText(error, flags)}`),
  };
  const { host, port } = flags;
  await using server: RunningServer = await serve([model], { ...options, host, port });
  using _ = await keysWatchOf(flags, keys, always);
  say(`${model.id} is served at ${server.url}/v1 (${keys.all.length} keys). Ctrl-C ends it.`);
  await stop.asked;
  say("Ending, once what is under way is done. Ctrl-C again ends it now.");
  await server.close({ graceSeconds: flags.grace });
}

/** Tells of SIGINT and SIGTERM; the second ends the process, as it does everywhere. */
function stopSignal(): { readonly signal: AbortSignal; readonly asked: Promise<void> } {
  const controller = new AbortController();
  const asked = new Promise<void>((resolve) => {
    const stop = (): void => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      controller.abort(new DOMException("The server is told to end.", "AbortError"));
      resolve();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
  return { signal: controller.signal, asked };
}

/** Reads the file of keys anew when it changes, and on SIGHUP, unless that says that the terminal is gone. */
async function keysWatchOf(
  flags: ServeFlags,
  keys: AccessKeys,
  always: readonly AccessKey[],
): Promise<Disposable | undefined> {
  const { keys: path } = flags;
  if (path === undefined) return undefined;
  const { watchKeysFile } = await import("@krait/server/node");
  const watch = watchKeysFile(path, keys, {
    always,
    onRead: (count) => say(`The keys have been read anew (${count} keys).`),
    onTrouble: (error) => say(`The keys stay as they are. ${errorText(error, flags)}`),
  });
  const read = (): void => void watch.read();
  if (!process.stdin.isTTY) process.on("SIGHUP", read);
  return {
    [Symbol.dispose]() {
      process.off("SIGHUP", read);
      watch[Symbol.dispose]();
    },
  };
}

async function ledgerOf({ ledger: path }: ServeFlags): Promise<SqliteLedger | undefined> {
  if (path === undefined) return undefined;
  const { openLedger } = await import("@krait/server/node");
  try {
    return openLedger(path, {
      onTrouble: (error) =>
        say(
          error === undefined
            ? `The ledger ${path} is written again.`
            : `The ledger ${path} cannot be written, so its entries wait in memory: ${errorMessage(error)}`,
        ),
    });
  } catch (error) {
    if ((error as { code?: unknown }).code !== "LEDGER_UNAVAILABLE") throw error;
    say(`${errorMessage(error)} There is no ledger.`);
    return undefined;
  }
}

function pricesOf({ priceIn, priceOut, priceCached }: ServeFlags): {
  input: number;
  output: number;
  cachedInput?: number;
} {
  for (const price of [priceIn, priceOut, priceCached]) {
    if (price !== undefined && price < 0) throw new UsageError("A price should not be below 0.");
  }
  return {
    ...{ input: priceIn ?? 0, output: priceOut ?? 0 },
    ...(priceCached !== undefined && { cachedInput: priceCached }),
  };
}

function errorText(error: unknown, { verbose }: ServeFlags): string {
  return verbose && error instanceof Error ? String(error.stack) : errorMessage(error);
}

/** On standard error, as logs do; standard output is for answers. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

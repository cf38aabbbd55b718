import {
  type CachedModel,
  cacheFolder,
  listModels,
  type PulledModel,
  pullModel,
  type RemovedModel,
  removeModel,
} from "@krait/hub";
import type { Command } from "commander";
import type { HubFlags } from "../hub-flags.ts";
import { interruptSignal } from "../interrupt.ts";
import { decimalBytes } from "../quantities.ts";
import { downloadStatus } from "../terminal/download-status.ts";
import { createStatusLine } from "../terminal/status-line.ts";
import { alignedColumns } from "../terminal/table.ts";
import { write } from "../write.ts";

interface ModelsFlags extends HubFlags {
  readonly json?: boolean;
}

export function addModels(program: Command): void {
  const models = program
    .command("models")
    .description("The models of the Hugging Face hub that are on this machine.");
  const name = "organisation and name on the hub, such as org/name, or org/name:Q4_0 for a GGUF model";
  models
    .command("list")
    .description("What the cache has, the last used first.")
    .option("--json", "as one JSON line")
    .action(async (_: unknown, command: Command) => list(command.optsWithGlobals<ModelsFlags>()));
  models
    .command("pull")
    .description("Download a model, or what is missing of it.")
    .argument("<id>", name)
    .option("--json", "the result as one JSON line")
    .action(async (id: string, _: unknown, command: Command) =>
      pull(id, command.optsWithGlobals<ModelsFlags>()),
    );
  models
    .command("rm")
    .description("Remove a model from the cache, also one that is there in part; with --revision only that.")
    .argument("<id>", name)
    .option("--json", "the result as one JSON line")
    .action(async (id: string, _: unknown, command: Command) =>
      remove(id, command.optsWithGlobals<ModelsFlags>()),
    );
}

async function list({ json }: ModelsFlags): Promise<void> {
  const folder = cacheFolder();
  const models = await listModels();
  await write(process.stdout, json ? line({ folder, models }) : listText(folder, models));
}

async function pull(id: string, { revision, file, offline, json }: ModelsFlags): Promise<void> {
  const status = createStatusLine(process.stderr);
  let pulled: PulledModel;
  try {
    pulled = await pullModel(id, {
      revision,
      file,
      offline,
      signal: interruptSignal(),
      onProgress: (progress) => status.update(downloadStatus(progress)),
    });
  } finally {
    status.clear();
  }
  await write(process.stdout, json ? line(pulled) : pulledText(pulled));
}

async function remove(id: string, { revision, file, json }: ModelsFlags): Promise<void> {
  const removed: RemovedModel = await removeModel(id, { revision, file });
  await write(
    process.stdout,
    json ? line(removed) : `Removed ${removed.id}: ${decimalBytes(removed.freedBytes)} freed.\n`,
  );
}

function listText(folder: string, models: readonly CachedModel[]): string {
  if (models.length === 0)
    return `There are no models in ${folder}. krait models pull org/name brings one.\n`;
  const rows = models.map(({ id, revisions, commit, byteLength, lastUsed, isComplete }) => [
    id,
    [...revisions, commit === undefined ? "unfinished" : shortCommit(commit)].join(" "),
    decimalBytes(byteLength),
    // The Swedish write dates as ISO 8601 does, in their own time zone.
    lastUsed.toLocaleString("sv-SE", { dateStyle: "short", timeStyle: "short" }),
    isComplete ? "" : "incomplete",
  ]);
  return `${alignedColumns([["model", "revision", "size", "last used", ""], ...rows])}in ${folder}\n`;
}

function pulledText({ id, commit, byteLength, receivedBytes, path }: PulledModel): string {
  const came = receivedBytes === 0 ? "all there already" : `${decimalBytes(receivedBytes)} downloaded`;
  return `${id} ${shortCommit(commit)}: ${decimalBytes(byteLength)}, ${came}\n${path}\n`;
}

function shortCommit(commit: string): string {
  return commit.slice(0, 8);
}

function line(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

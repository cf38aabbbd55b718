import type { HubClient } from "../remote/hub-client.ts";
import { RemoteFile } from "../remote/remote-file.ts";
import type { HubFile, StoredModel } from "../storage.ts";
import { downloadFile } from "./download-file.ts";
import type { ProgressMeter } from "./progress.ts";
import { createTurns } from "./turns.ts";

/** Files that are open at once; their pieces share the connections. */
const FILES_AT_ONCE = 4;

/**
 * Brings files of a commit into the cache, each under its name as soon as it is complete.
 *
 * @throws {HubError} with a `code`; the signal's reason when aborted.
 */
export async function downloadFiles(
  client: HubClient,
  stored: StoredModel,
  commit: string,
  files: readonly HubFile[],
  progress: ProgressMeter,
): Promise<void> {
  const { settings } = client;
  const failure = new AbortController();
  const signal = settings.signal ? AbortSignal.any([settings.signal, failure.signal]) : failure.signal;
  const fileTurns = createTurns(FILES_AT_ONCE);
  const turns = createTurns(settings.connections);

  async function bring(file: HubFile): Promise<void> {
    signal.throwIfAborted();
    if (await stored.has(file)) return progress.found(file.name, file.byteLength);
    let theirs = 0;
    await using _ = await stored.lock(file, () => follow(), signal);
    async function follow(): Promise<void> {
      const more = (await stored.finishedBytes(file)) - theirs;
      if (more < 0) return; // it has just become complete
      theirs += more;
      progress.waiting(file.name, more);
    }
    // The process that held the lock may have finished it.
    if (await stored.has(file)) return progress.found(file.name, file.byteLength - theirs);
    progress.found(file.name, -theirs);
    await using partial = await stored.openPartial(file, settings.pieceBytes);
    const { createHasher } = settings.storage;
    const remote = new RemoteFile(client, commit, file);
    await downloadFile(
      { file, remote, partial, progress, retry: settings.retry, createHasher },
      turns,
      signal,
    );
  }

  const tasks = files.map((file) =>
    fileTurns(async () => {
      await bring(file);
      await stored.place(commit, file);
    }).catch((error) => failure.abort(error)),
  );
  await Promise.all(tasks);
  progress.end();
  signal.throwIfAborted();
}

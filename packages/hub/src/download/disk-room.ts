import { HubError } from "../hub-error.ts";
import type { HubClient } from "../remote/hub-client.ts";
import { size } from "../selection/choice-list.ts";
import type { HubFile, StoredModel } from "../storage.ts";

/** @throws {HubError} `HUB_DISK_FULL` when what is missing of the files does not fit on the disk. */
export async function requireRoom(
  { asked, settings }: HubClient,
  stored: StoredModel,
  files: readonly HubFile[],
): Promise<void> {
  let expected = 0;
  for (const file of files) {
    if (!(await stored.has(file))) expected += file.byteLength - (await stored.finishedBytes(file));
  }
  if (expected === 0) return;
  const actual = await settings.storage.freeBytes();
  if (actual >= expected) return;
  throw new HubError({
    code: "HUB_DISK_FULL",
    message:
      `"${asked.model}" needs ${size(expected)} more room, and ${settings.storage.location} has ${size(actual)}: ` +
      `${size(expected - actual)} are missing. ${settings.storage.roomAdvice}`,
    model: asked.model,
    expected,
    actual,
  });
}

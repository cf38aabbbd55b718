import { modelUrl } from "@krait/tiny-model";
import type { ModelFolder } from "@krait/weights";
import { findModel } from "krait";
import type { HubFlags } from "./hub-flags.ts";
import { downloadStatus } from "./terminal/download-status.ts";
import { createStatusLine } from "./terminal/status-line.ts";

/**
 * The files of the model that the flags name, or of the embedded model. Of one on the hub, weights that are
 * files of their own are left there.
 */
export async function openFolder(
  location: string | undefined,
  { revision, file, offline }: HubFlags,
): Promise<ModelFolder> {
  const status = createStatusLine(process.stderr);
  try {
    return await findModel(location ?? modelUrl, {
      revision,
      file,
      offline,
      weights: false,
      onDownload: (progress) => status.update(downloadStatus(progress)),
    });
  } finally {
    status.clear();
  }
}

import { type ChatModel, loadModel } from "krait";
import { type QuantizeFlag, quantizedLine } from "./quantization.ts";
import type { SharedFlags } from "./shared-flags.ts";
import { downloadStatus } from "./terminal/download-status.ts";
import { progressBar } from "./terminal/progress-bar.ts";
import { createStatusLine } from "./terminal/status-line.ts";

/** Loads the model that the flags name, with a progress bar if somebody watches. */
export async function openModel(
  flags: SharedFlags & QuantizeFlag & { readonly context?: number; readonly parallel?: number },
  signal: AbortSignal,
): Promise<ChatModel> {
  const { model, revision, file, offline, backend, context, parallel, quantize, verbose } = flags;
  const status = createStatusLine(process.stderr);
  const say = (line: string): void => {
    if (!verbose) return;
    status.clear();
    process.stderr.write(`${line}\n`);
  };
  try {
    return await loadModel(model, {
      revision,
      file,
      offline,
      backend,
      maxContext: context,
      maxSequences: parallel,
      quantize,
      signal,
      onBackend: say,
      onQuantized: (tensor) => say(quantizedLine(tensor)),
      onCompile: ({ compiledKernels, totalKernels }) =>
        status.update(`Compiling kernels: ${compiledKernels} of ${totalKernels}`),
      onDownload: (progress) => status.update(downloadStatus(progress)),
      onProgress: ({ loadedBytes, totalBytes }) => status.update(progressBar(loadedBytes, totalBytes)),
    });
  } finally {
    status.clear();
  }
}

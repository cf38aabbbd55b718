import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { convertModel, type QuantizedTensor } from "krait";
import { UsageError } from "../errors.ts";
import { interruptSignal } from "../interrupt.ts";
import { decimalBytes } from "../quantities.ts";
import { type QuantizeFlag, quantizedLine, quantizedSummary, quantizeFlag } from "../quantization.ts";
import type { SharedFlags } from "../shared-flags.ts";
import { progressBar } from "../terminal/progress-bar.ts";
import { createStatusLine } from "../terminal/status-line.ts";
import { write } from "../write.ts";

interface ConvertFlags extends SharedFlags, QuantizeFlag {
  readonly force?: boolean;
  readonly name?: string;
}

export function addConvert(program: Command): void {
  program
    .command("convert")
    .description("Write a model anew: as one GGUF file, or as a folder with safetensors.")
    .argument("<model>", "what is converted; left out, --model or the embedded model")
    .argument("[target]", "a path that ends in .gguf, or a folder that there is not yet")
    .addOption(quantizeFlag("what matrices become; as they are stored unless given"))
    .option("--name <text>", "what a GGUF file calls the model; the name of its folder unless given")
    .option("--force", "replace a file, or a folder with nothing but a model in it, that is there")
    .action(async (model: string, target: string | undefined, _: unknown, command: Command) => {
      const flags = command.optsWithGlobals<ConvertFlags>();
      if (target !== undefined && flags.model !== undefined) {
        throw new UsageError("Name the model once: as the argument or with --model.");
      }
      await (target === undefined ? convert(flags.model, model, flags) : convert(model, target, flags));
    });
}

async function convert(model: string | undefined, target: string, flags: ConvertFlags): Promise<void> {
  const status = createStatusLine(process.stderr);
  const quantized: QuantizedTensor[] = [];
  try {
    await convertModel(model, target, {
      quantize: flags.quantize,
      replace: flags.force,
      name: flags.name,
      signal: interruptSignal(),
      onProgress: ({ writtenBytes, totalBytes }) => status.update(progressBar(writtenBytes, totalBytes)),
      onQuantized(tensor) {
        quantized.push(tensor);
        if (!flags.verbose) return;
        status.clear();
        process.stderr.write(`${quantizedLine(tensor)}\n`);
      },
    });
  } finally {
    status.clear();
  }
  await write(process.stdout, `${target}: ${decimalBytes(await weightBytes(target))} written.\n`);
  if (quantized.length > 0) await write(process.stdout, `${quantizedSummary(quantized)}.\n`);
}

/** Of the GGUF file, or of the safetensors in the folder. */
async function weightBytes(target: string): Promise<number> {
  const entry = await stat(target);
  return entry.isDirectory() ? await weightBytes(join(target, "model.safetensors")) : entry.size;
}

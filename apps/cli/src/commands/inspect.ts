import type { Command } from "commander";
import { chooseBackend } from "krait";
import { UsageError } from "../errors.ts";
import { wholeNumber } from "../flag-values.ts";
import { type Inspection, inspectModel } from "../inspect/inspection.ts";
import { inspectionText } from "../inspect/inspection-text.ts";
import { openModelFiles } from "../inspect/model-files.ts";
import { type QuantizeFlag, quantizeFlag } from "../quantization.ts";
import type { SharedFlags } from "../shared-flags.ts";
import { write } from "../write.ts";

interface InspectFlags extends SharedFlags, QuantizeFlag {
  readonly sequences?: number;
  readonly context?: number;
  readonly program?: boolean;
  readonly json?: boolean;
}

export function addInspect(program: Command): void {
  program
    .command("inspect")
    .description("What a model is and how much memory it takes, before anything is loaded.")
    .argument(
      "[model]",
      "a folder, with or without weights, or a config.json; the embedded model unless given",
    )
    .option("--sequences <count>", "plan for so many conversations and snapshots at once (4)", wholeNumber(1))
    .option("--context <tokens>", "plan for so many tokens; what the model was trained for", wholeNumber(2))
    .addOption(quantizeFlag("plan for matrices in this format"))
    .option("--program", "every op of the Programs")
    .option("--json", "as one JSON line")
    .action(async (location: string | undefined, _: unknown, command: Command) => {
      await inspect(location, command.optsWithGlobals<InspectFlags>());
    });
}

async function inspect(location: string | undefined, flags: InspectFlags): Promise<void> {
  if (location !== undefined && flags.model !== undefined) {
    throw new UsageError("Name the model once: as the argument or with --model.");
  }
  const files = await openModelFiles(location ?? flags.model, flags);
  try {
    await using backend = await chooseBackend(flags.backend ?? "auto");
    const inspection = inspectModel(files, {
      backend,
      maxSequences: flags.sequences,
      maxContext: flags.context,
      quantize: flags.quantize,
    });
    await write(
      process.stdout,
      flags.json
        ? `${JSON.stringify(forJson(inspection, flags.program))}\n`
        : inspectionText(inspection, flags),
    );
  } finally {
    await files.checkpoint?.close();
  }
}

/** A Program is long, so its text is there only when it was asked for. */
function forJson({ programs, ...rest }: Inspection, withText = false): object {
  const shown = Object.entries(programs).map(([name, program]) => [
    name,
    { ops: program.ops.length, ...(withText && { text: String(program) }) },
  ]);
  return { ...rest, programs: Object.fromEntries(shown) };
}

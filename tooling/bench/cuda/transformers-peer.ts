import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { ModelConfig } from "@krait/models";

/** What PyTorch and transformers make of the same shape with random weights in bf16. */
export interface Peer {
  readonly name: string;
  /** Tokens a second of one sequence. */
  readonly decode: number;
  /** Tokens a second of a prompt. */
  readonly prefill: number;
  /** Operations a second of a large matrix product in bf16. */
  readonly matmul: number;
}

const TIMEOUT_MS = 120_000;
const TOKENS = 32;

/** Prints one line of JSON: the figures, or `missing` with what was not there. */
const script = `
import json, sys, time
config, context, prompt, tokens = json.loads(sys.argv[1]), *map(int, sys.argv[2:5])
def finish(**figures):
    print(json.dumps(figures)); sys.exit(0)
try:
    import torch, transformers
except ImportError as error:
    finish(missing=str(error))
if not torch.cuda.is_available():
    finish(missing="PyTorch finds no GPU")
def seconds(run, rounds=3):
    run(); torch.cuda.synchronize(); best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter(); run(); torch.cuda.synchronize()
        best = min(best, time.perf_counter() - start)
    return best
a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
matmul = 2 * 8192**3 / seconds(lambda: a @ b)
try:
    kind = config.pop("model_type")
    config.pop("auto_map", None); config.pop("architectures", None)
    settings = transformers.AutoConfig.for_model(kind, **config)
    with torch.device("cuda"):
        model = transformers.AutoModelForCausalLM.from_config(settings, dtype=torch.bfloat16).eval()
    ids = lambda count: torch.randint(5, 255, (1, count), device="cuda")
    with torch.inference_mode():
        prefill = prompt / seconds(lambda: model(ids(prompt), logits_to_keep=1))
        run = lambda count: model.generate(ids(context), max_new_tokens=count, min_new_tokens=count, do_sample=False)
        decode = tokens / (seconds(lambda: run(tokens + 1)) - seconds(lambda: run(1)))
except Exception as error:
    finish(missing=f"transformers {transformers.__version__} does not run this model: {error}")
finish(name=f"transformers {transformers.__version__}", matmul=matmul, prefill=prefill, decode=decode)
`;

/** @returns undefined where it is left out; `note` then says why. */
export async function measureTransformers(
  config: ModelConfig,
  context: number,
  promptRows: number,
  note: (text: string) => void,
): Promise<Peer | undefined> {
  const sizes = [context, promptRows, TOKENS].map(String);
  try {
    const args = ["-c", script, JSON.stringify(config), ...sizes];
    const { stdout } = await promisify(execFile)("python3", args, { timeout: TIMEOUT_MS });
    const found = JSON.parse(stdout.trim().split("\n").at(-1)!) as Peer & { readonly missing?: string };
    if (found.missing === undefined) return found;
    note(`PyTorch with transformers is left out: ${found.missing}`);
  } catch (error) {
    note(`PyTorch with transformers is left out: ${(error as Error).message.split("\n")[0]}`);
  }
  return undefined;
}

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { figure } from "../figure.ts";
import { toy } from "./suite.ts";
import { comparedWith, measureTransformers } from "./transformers-peer.ts";

/** As much of PyTorch as the script calls; a product takes a millisecond of a clock that only moves so. */
const torch = `
import contextlib, time, types
now = 0.0
def pass_time(seconds):
    global now
    now += seconds
time.perf_counter = lambda: now
class Tensor:
    def to(self, kind): assert kind == "bfloat16"; return self
    def __matmul__(self, other): pass_time(0.001); return self
def randn(rows, columns, device): return Tensor()
def randint(low, high, size, device): assert size[0] == 1; return size
def set_default_dtype(kind): assert kind == "bfloat16"
bfloat16 = "bfloat16"
device = lambda name: contextlib.nullcontext()
inference_mode = contextlib.nullcontext
cuda = types.SimpleNamespace(is_available=lambda: True, synchronize=lambda: None)
`;

/** As much of transformers; a prompt takes four milliseconds, a token two. */
const transformers = `
from torch import pass_time
__version__ = "5.0"
class AutoConfig:
    @staticmethod
    def for_model(kind, **config):
        assert kind == "nemotron_h" and "auto_map" not in config
        return config
class Model:
    def eval(self): return self
    def __call__(self, ids, logits_to_keep): assert ids == (1, 40) and logits_to_keep == 1; pass_time(0.004)
    def generate(self, ids, max_new_tokens, min_new_tokens, do_sample):
        assert ids == (1, 33) and max_new_tokens == min_new_tokens and not do_sample
        pass_time(0.002 * max_new_tokens)
class AutoModelForCausalLM:
    @staticmethod
    def from_config(settings): return Model()
`;

const python = (() => {
  try {
    return execFileSync("python3", ["--version"]).length > 0;
  } catch {
    return false;
  }
})();

let folder: string;
let notes: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "krait-peer-"));
  notes = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs the script where only these modules are. */
async function measure(modules: Readonly<Record<string, string>>, seconds = 300) {
  for (const [name, source] of Object.entries(modules)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "__init__.py"), source);
  }
  const { config } = toy;
  const sizes = { config, context: 33, promptRows: 40, seconds, pythonPath: folder };
  return await measureTransformers(sizes, (text) => notes.push(text));
}

describe("PyTorch beside the benchmark", () => {
  if (!python) {
    test.skip("needs python3", () => {});
    return;
  }

  test("is timed: a matrix product, a token, and a prompt", async () => {
    const peer = await measure({ torch, transformers });
    expect(notes).toEqual([]);
    expect(peer!.name).toBe("transformers 5.0");
    expect(peer!.matmul).toBeCloseTo((2 * 8192 ** 3) / 0.001, -6);
    // One token is counted out, which is that of the prompt.
    expect(peer!.decode).toBeCloseTo(1 / 0.002, 3);
    expect(peer!.prefill).toBeCloseTo(40 / 0.004, 3);
  });

  test("is told to be left out where it is not installed", async () => {
    expect(await measure({ torch: 'raise ImportError("No module named torch")' })).toBeUndefined();
    expect(notes).toEqual(["PyTorch with transformers is left out: No module named torch"]);
  });

  test("keeps what it found before transformers failed", async () => {
    const broken = transformers.replace("return config", 'raise ValueError("unknown kind")');
    const peer = await measure({ torch, transformers: broken });
    expect(Object.keys(peer!).sort()).toEqual(["matmul", "name"]);
    expect(notes).toEqual(["PyTorch with transformers is left out: ValueError: unknown kind"]);
  });

  test("keeps what it found before its time was up", async () => {
    const timeUp = new AbortController();
    const timeout = vi.spyOn(AbortSignal, "timeout").mockReturnValue(timeUp.signal);
    onTestFinished(() => timeout.mockRestore());
    const reached = join(folder, "reached");
    const never = `import time\nopen(${JSON.stringify(reached)}, "w").close()\ntime.sleep(600)`;
    const measured = measure({ torch, transformers: never }, 6);
    await expect.poll(() => existsSync(reached)).toBe(true);
    timeUp.abort();
    const peer = await measured;
    expect(timeout).toHaveBeenCalledWith(6000);
    expect(Object.keys(peer!)).toEqual(["matmul"]);
    expect(notes).toEqual(["PyTorch with transformers is left out: it takes more than 6 seconds"]);
  });
});

test("our figures are compared with those of PyTorch that there are", () => {
  const ours = [
    figure({ name: "cuda.9b.bf16.decode1@1024", value: 200, unit: "tokens/s" }),
    figure({ name: "cuda.9b.bf16.prefill8192", value: 9000, unit: "tokens/s" }),
  ];
  const compared = [...comparedWith({ name: "them", decode: 50, matmul: 7e14 }, ours, "cuda.9b.bf16")];
  expect(compared.map(({ name, ratio, against }) => [name, ratio, against])).toEqual([
    ["cuda.pytorch.matmul", null, null],
    ["cuda.9b.bf16.decode1@1024.over-pytorch", 4, "them"],
  ]);
});

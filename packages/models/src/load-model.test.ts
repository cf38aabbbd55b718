import { createCpuBackend } from "@krait/backend-cpu";
import type { Backend, WeightSource } from "@krait/tensor";
import { openFixture, wrapBackend } from "@krait/testing";
import type { WeightFile } from "@krait/weights";
import { describe, expect, test } from "vitest";
import { architectureOf, type ModelConfig } from "./architecture.ts";
import { type LoadProgress, loadModel } from "./load-model.ts";

const { model: folder } = await openFixture("tiny-a");
const architecture = architectureOf((await folder.json("config.json")) as ModelConfig);
const file = await folder.weights();
const sizes = { maxContext: 64, chunkRows: 16 };

interface CountingBackend {
  readonly backend: Backend;
  /** Weights and executables that were made, and those of them that are not disposed yet. */
  readonly made: number;
  readonly live: number;
}

/** The CPU backend, with a count of what it hands out. */
async function countingBackend(changed: Partial<Backend> = {}): Promise<CountingBackend> {
  const cpu = await createCpuBackend();
  const count = { made: 0, live: 0 };
  const counted = <T extends Disposable>(disposable: T): T => {
    count.made++;
    count.live++;
    const dispose = disposable[Symbol.dispose].bind(disposable);
    disposable[Symbol.dispose] = () => {
      count.live--;
      dispose();
    };
    return disposable;
  };
  const backend = wrapBackend(cpu, {
    loadWeight: async (spec, source, signal) => counted(await cpu.loadWeight(spec, source, signal)),
    compile: async (program, options) => counted(await cpu.compile(program, options)),
    ...changed,
  });
  return {
    backend,
    get made() {
      return count.made;
    },
    get live() {
      return count.live;
    },
  };
}

/** The same checkpoint, with a look at every source that is asked for. */
function watched(onSource: (tensor: string, source: WeightSource) => WeightSource | undefined): WeightFile {
  return {
    ...file,
    tensors: file.tensors,
    source(tensor) {
      const source = file.source(tensor);
      return onSource(tensor, source) ?? source;
    },
  };
}

describe("loading a model", () => {
  test("hands a tensor's scale to the backend", async () => {
    const scales: (number | undefined)[] = [];
    const cpu = await createCpuBackend();
    const backend = wrapBackend(cpu, {
      loadWeight: (spec, source, signal) => {
        scales.push(source.scale);
        return cpu.loadWeight(spec, source, signal);
      },
    });
    const scaled = watched((tensor, source) =>
      tensor === "backbone.embeddings.weight" ? { ...source, scale: 0.5 } : source,
    );
    using _ = await loadModel(architecture, scaled, backend, sizes);
    expect(scales.filter((scale) => scale !== undefined)).toEqual([0.5]);
  });

  test("takes three executables and every weight, and gives all of them back", async () => {
    const counting = await countingBackend();
    const model = await loadModel(architecture, file, counting.backend, sizes);
    expect(counting.made).toBe(3 + architecture.weights.length);
    expect(counting.live).toBe(counting.made);
    model[Symbol.dispose]();
    model[Symbol.dispose]();
    expect(counting.live).toBe(0);
  });

  test("stores −exp(A_log), as the scan takes it", async () => {
    const stored = new Map<string, Float32Array>();
    const cpu = await createCpuBackend();
    const backend = wrapBackend(cpu, {
      async loadWeight(spec, source, signal) {
        if (spec.shape.length === 1 && spec.shape[0] === 8) {
          for await (const piece of source.pieces()) {
            stored.set(String(stored.size), new Float32Array(piece.slice().buffer));
          }
        }
        return await cpu.loadWeight(spec, source, signal);
      },
    });
    using _ = await loadModel(architecture, file, backend, sizes);
    const aLog = await file.bytes("backbone.layers.0.mixer.A_log");
    const half = new Uint16Array(aLog.buffer);
    const values = new Float32Array(Uint32Array.from(half, (bits) => bits << 16).buffer);
    const [first] = stored.values();
    expect([...first!]).toEqual([...values.map((value) => -Math.exp(value))]);
  });

  test("reports progress that never falls and ends at the whole", async () => {
    const progress: LoadProgress[] = [];
    using _ = await loadModel(architecture, file, await createCpuBackend(), {
      ...sizes,
      onProgress: (step) => progress.push(step),
    });
    const loaded = progress.map(({ loadedBytes }) => loadedBytes);
    expect(loaded).toEqual([...new Set(loaded)].sort((a, b) => a - b));
    const total = [...file.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(progress.every(({ totalBytes }) => totalBytes === total)).toBe(true);
    expect(loaded.at(-1)).toBe(total);
    expect(progress.at(-1)!.tensor).toBe("lm_head.weight");
  });

  test("reports whole tensors where the backend maps the file and asks for no pieces", async () => {
    const cpu = await createCpuBackend();
    const backend = wrapBackend(cpu, {
      loadWeight: (spec) =>
        cpu.loadWeight(spec, zeros(spec.shape.reduce((a, b) => a * b) * bytesOf(spec.format))),
    });
    const loaded: number[] = [];
    using _ = await loadModel(architecture, file, backend, {
      ...sizes,
      onProgress: ({ loadedBytes, totalBytes }) => loaded.push(loadedBytes / totalBytes),
    });
    expect(loaded.length).toBe(architecture.weights.length);
    expect(loaded.at(-1)).toBe(1);
  });

  test("reads no byte of a checkpoint that does not fit its config", async () => {
    const counting = await countingBackend();
    let sources = 0;
    const counted = watched(() => void sources++);
    const tensors = new Map(file.tensors);
    tensors.delete("lm_head.weight");
    await expect(
      loadModel(architecture, { ...counted, tensors }, counting.backend, sizes),
    ).rejects.toMatchObject({
      code: "CHECKPOINT_TENSOR_MISSING",
      tensor: "lm_head.weight",
    });
    expect([counting.made, sources]).toEqual([0, 0]);
  });

  test("reads no byte when the backend's memory is too small, and says what each part takes", async () => {
    const counting = await countingBackend({ limits: { memoryBytes: 500_000, maxBufferBytes: 500_000 } });
    let sources = 0;
    const counted = watched(() => void sources++);
    const error = await loadModel(architecture, counted, counting.backend, sizes).catch((error) => error);
    expect(error).toMatchObject({ code: "MEMORY_INSUFFICIENT", availableBytes: 500_000 });
    using fitting = await loadModel(architecture, file, await createCpuBackend(), sizes);
    expect(error.neededBytes).toBe(fitting.memory.totalBytes);
    expect(error.message).toMatch(/weights 0\.00 GB, states .* keys and values .* scratch .*maxContext/);
    expect([counting.made, sources]).toEqual([0, 0]);
  });

  test.each([0, 10, 40])(
    "aborted after %i tensors rejects with the reason and frees everything",
    async (tensors) => {
      const counting = await countingBackend();
      const abort = new AbortController();
      const reason = new Error("enough");
      let loaded = 0;
      const options = {
        ...sizes,
        signal: abort.signal,
        onProgress: () => {
          loaded++;
          if (loaded === tensors) abort.abort(reason);
        },
      };
      if (tensors === 0) abort.abort(reason);
      await expect(loadModel(architecture, file, counting.backend, options)).rejects.toBe(reason);
      // The three executables, and the tensors before the one that was being loaded.
      expect(counting.made).toBe(tensors === 0 ? 0 : 3 + tensors - 1);
      expect(counting.live).toBe(0);
    },
  );

  test("whose file fails midway frees everything and passes the error on", async () => {
    const counting = await countingBackend();
    const failing = watched((tensor, source) => {
      if (tensor !== "backbone.norm_f.weight") return undefined;
      return {
        byteLength: source.byteLength,
        async *pieces() {
          yield new Uint8Array(64);
          throw new Error("the disk is gone");
        },
      };
    });
    await expect(loadModel(architecture, failing, counting.backend, sizes)).rejects.toThrow(
      "the disk is gone",
    );
    expect(counting.made).toBeGreaterThan(10);
    expect(counting.live).toBe(0);
  });
});

const bytesOf = (format: string): number => (format === "f32" ? 4 : 2);

function zeros(byteLength: number): WeightSource {
  return {
    byteLength,
    async *pieces() {
      yield new Uint8Array(byteLength);
    },
  };
}

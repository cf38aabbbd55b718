import { rm } from "node:fs/promises";
import { createCpuBackend } from "@krait/backend-cpu";
import { type MatrixFormat, matrixFormats } from "@krait/models";
import { availableBackends } from "../cpu/contenders.ts";
import { backendNames, createBackend } from "../engines/backends.ts";
import { EngineProcess } from "../engines/engine-process.ts";
import { nodeLlamaCpp } from "../engines/peers.ts";
import { type Figure, figure } from "../figure.ts";
import type { SuiteOptions } from "../suite.ts";
import { meanDivergence } from "./divergence.ts";
import { type QualityModel, qualityModels, writeQuantized } from "./models.ts";
import { probabilitiesOn } from "./probabilities.ts";

/**
 * How far a model's predictions move when its matrices are quantized, and how much of that is arithmetic:
 * mean Kullback-Leibler divergences from the reference backend, over every position of a text.
 *
 * - `kl` is from the unquantized model: what the format costs.
 * - `kl-of-arithmetic` is from the same quantized file: what products of eight-bit activations, sums in f32
 *   and keys in f16 add, against what they add in llama.cpp. A file alone says it within some 20 %, since a few
 *   positions make most of its mean; `blocks` is the geometric mean over every file of a block format.
 */
export async function* qualitySuite({ quick, backend, note }: SuiteOptions): AsyncGenerator<Figure> {
  const wanted = backend === undefined ? backendNames.filter((name) => name !== "cpu") : [backend];
  const backends = await availableBackends(wanted, note);
  const peer = nodeLlamaCpp();
  if (peer === undefined) {
    note("node-llama-cpp is not compared: KRAIT_PEERS names no folder in which it is installed.");
  }
  const formats = matrixFormats.filter((format) => format !== "f32");
  const ofBlocks: { readonly backend: string; readonly ours: number; readonly theirs: number }[] = [];
  for (const model of await qualityModels(quick ? 64 : 512)) {
    const exact = await onFile(model, "f32", (path) => referenceOn(path, model));
    for (const format of formats) {
      yield* await onFile(model, format, async (path) => {
        const reference = await referenceOn(path, model);
        const theirs = peer && (await peerOn(path, model, note));
        const figures: Figure[] = [];
        for (const name of backends) {
          await using ours = await createBackend(name, 1);
          const probabilities = await probabilitiesOn(ours, path, model.tokens);
          const label = `${model.name}.${format}.${name}`;
          const arithmetic = {
            ours: meanDivergence(reference, probabilities),
            theirs: theirs && meanDivergence(reference, theirs),
          };
          figures.push(
            figure({ name: `${label}.kl`, value: meanDivergence(exact, probabilities), unit: "nats" }),
            arithmeticFigure(label, arithmetic, peer?.name),
          );
          if (arithmetic.theirs !== undefined && format !== "f16" && format !== "bf16") {
            ofBlocks.push({ backend: name, ours: arithmetic.ours, theirs: arithmetic.theirs });
          }
        }
        return figures;
      });
    }
  }
  for (const name of backends) {
    const files = ofBlocks.filter((file) => file.backend === name);
    if (files.length === 0) continue;
    const [ours, theirs] = [files.map((file) => file.ours), files.map((file) => file.theirs)];
    yield arithmeticFigure(
      `blocks.${name}`,
      { ours: geometricMean(ours), theirs: geometricMean(theirs) },
      peer?.name,
    );
  }
}

function arithmeticFigure(
  label: string,
  { ours, theirs }: { readonly ours: number; readonly theirs: number | undefined },
  peer = "",
): Figure {
  return figure({
    name: `${label}.kl-of-arithmetic`,
    value: ours,
    unit: "nats",
    lessIsBetter: true,
    ...(theirs !== undefined && { peer: { value: theirs, name: peer, goal: 1 } }),
  });
}

function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

async function onFile<T>(
  model: QualityModel,
  format: MatrixFormat,
  use: (path: string) => Promise<T>,
): Promise<T> {
  const path = await writeQuantized(model, format);
  try {
    return await use(path);
  } finally {
    await rm(path);
  }
}

async function referenceOn(path: string, { tokens }: QualityModel): Promise<Float64Array[]> {
  await using backend = await createCpuBackend();
  return await probabilitiesOn(backend, path, tokens, "f32");
}

async function peerOn(
  file: string,
  { name, tokens }: QualityModel,
  note: (text: string) => void,
): Promise<number[][] | undefined> {
  await using engine = EngineProcess.nodeLlamaCpp();
  try {
    await engine.load({ file, threads: 1, maxContext: 512 });
    return (await engine.call<number[][]>("probabilities", tokens)).result;
  } catch (error) {
    note(`${name}: llama.cpp is not compared: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

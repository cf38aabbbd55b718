import { createWebGPUBackend } from "@krait/backend-webgpu";
import type { Format } from "@krait/tensor";
import { type Figure, figure } from "../figure.ts";
import type { SuiteOptions } from "../suite.ts";
import { isSoftware, requestAdapter } from "./adapter.ts";
import { BareDevice } from "./bare-device.ts";
import { measureCeilings } from "./ceilings.ts";
import { countDispatches } from "./dispatches.ts";
import { measureLargestLoad } from "./largest-load.ts";
import { measureProducts } from "./products.ts";
import { measureSteps } from "./steps.ts";

const allFormats: readonly Format[] = ["f32", "bf16", "f16", "q8_0", "q6_k", "q5_k", "q4_k", "q4_0", "mxfp4"];
const quickFormats: readonly Format[] = ["bf16", "q8_0", "q4_k"];

/**
 * The WGSL kernels on this machine's adapter, against what the adapter can do at most. A software adapter
 * gets a smaller model: its figures say how kernels compare, and nothing of a graphics card.
 */
export async function* webgpuSuite({ quick, note }: SuiteOptions): AsyncGenerator<Figure> {
  const adapter = await requestAdapter();
  const software = isSoftware(adapter);
  const { vendor, architecture, device, description } = adapter.info;
  note(`Adapter: ${[vendor, architecture, device, description].filter(Boolean).join(", ")}`);
  note(`Features: ${[...adapter.features].filter((name) => /f16|subgroup|timestamp/.test(name)).join(", ")}`);

  using bare = await BareDevice.open();
  const ceilings = await measureCeilings(bare, software);
  yield figure({ name: "webgpu.copy", value: ceilings.copy / 1e9, unit: "GB/s" });
  yield figure({ name: "webgpu.multiply-add", value: ceilings.multiplyAdd / 1e9, unit: "Gop/s" });

  yield* measureProducts(bare, ceilings, quick || software ? quickFormats : allFormats, note);

  await using backend = await createWebGPUBackend({ adapter, onChoice: note });
  yield* countDispatches(backend);
  const contexts = software ? [256] : quick ? [1024] : [1024, 16_384, 131_072];
  const prefillRows = software ? 32 : 512;
  const shape = software ? "0.6b" : "9b";
  const formats: readonly Format[] = software ? ["q8_0"] : quick ? ["q4_k"] : ["q4_k", "q8_0", "bf16"];
  for (const format of formats) {
    yield* measureSteps(backend, ceilings, { shape, format, contexts, prefillRows });
  }
  if (!quick) yield* measureLargestLoad(backend);
}

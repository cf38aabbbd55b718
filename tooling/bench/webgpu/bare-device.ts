import { median } from "../paired.ts";
import { requestAdapter } from "./adapter.ts";

const STORAGE = 0x80;
const COPY_SOURCE = 0x4;
const COPY_TARGET = 0x8;
const QUERY_RESOLVE = 0x200;
const MAP_READ = 0x1;

/** One dispatch of a kernel that is no part of Krait. */
export interface BareKernel {
  /** Its bindings are storage buffers in group 0, its entry point is `main`. */
  readonly source: string;
  readonly constants?: Readonly<Record<string, number>>;
  readonly buffers: readonly GPUBuffer[];
  readonly workgroups: readonly [number, number?, number?];
}

/** A device without a backend, for what Krait is compared with. */
export class BareDevice implements Disposable {
  readonly #device: GPUDevice;

  private constructor(device: GPUDevice) {
    this.#device = device;
  }

  static async open(): Promise<BareDevice> {
    const adapter = await requestAdapter();
    if (!adapter.features.has("timestamp-query")) throw new Error("The adapter has no timestamps.");
    const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
    return new BareDevice(
      await adapter.requestDevice({
        requiredFeatures: ["timestamp-query"],
        requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
      }),
    );
  }

  /** A buffer that holds these numbers, or zeros. */
  buffer(content: number | Float32Array<ArrayBuffer>): GPUBuffer {
    const size = typeof content === "number" ? content : content.byteLength;
    const buffer = this.#device.createBuffer({ size, usage: STORAGE | COPY_SOURCE | COPY_TARGET });
    if (typeof content !== "number") this.#device.queue.writeBuffer(buffer, 0, content);
    return buffer;
  }

  /** The median of what a dispatch takes on the device, the first left aside. */
  async seconds(kernel: BareKernel, rounds = 5): Promise<number> {
    const run = await this.prepare(kernel);
    const seconds: number[] = [];
    for (let round = 0; round <= rounds; round++) seconds.push(await run());
    return median(seconds.slice(1));
  }

  /** Compiles a kernel; what is returned runs it once, and tells the seconds that it took on the device. */
  async prepare({ source, constants, buffers, workgroups }: BareKernel): Promise<() => Promise<number>> {
    const module = this.#device.createShaderModule({ code: source });
    const pipeline = await this.#device.createComputePipelineAsync({
      layout: "auto",
      compute: { module, entryPoint: "main", ...(constants && { constants }) },
    });
    const entries = buffers.map((buffer, binding) => ({ binding, resource: { buffer } }));
    const group = this.#device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
    const querySet = this.#device.createQuerySet({ type: "timestamp", count: 2 });
    const times = this.#device.createBuffer({ size: 16, usage: QUERY_RESOLVE | COPY_SOURCE });
    const read = this.#device.createBuffer({ size: 16, usage: MAP_READ | COPY_TARGET });
    return async () => {
      const encoder = this.#device.createCommandEncoder();
      const timestampWrites = { querySet, beginningOfPassWriteIndex: 0, endOfPassWriteIndex: 1 };
      const pass = encoder.beginComputePass({ timestampWrites });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
      pass.end();
      encoder.resolveQuerySet(querySet, 0, 2, times, 0);
      encoder.copyBufferToBuffer(times, 0, read, 0, 16);
      this.#device.queue.submit([encoder.finish()]);
      await read.mapAsync(MAP_READ);
      const [start, end] = new BigUint64Array(read.getMappedRange());
      const seconds = Number(end! - start!) / 1e9;
      read.unmap();
      return seconds;
    };
  }

  [Symbol.dispose](): void {
    this.#device.destroy();
  }
}

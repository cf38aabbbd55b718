import {
  type Backend,
  byteLength,
  elementCount,
  type Format,
  type TensorSpec,
  type WeightBuffer,
} from "@krait/tensor";
import { RandomWeights } from "../random-model/random-weights.ts";
import { CudaWeight, type Device, deviceOf, isVector, weightBytes, weightLayout } from "./gpu.ts";

/**
 * A backend whose matrices are stitched together on the device from stretches of a few drawn rows, wherever they are
 * said to come from: eighteen gigabytes need not be made on the host and cross the bus.
 *
 * @param poolValues - that are really drawn of each format and width; smaller matrices are loaded as they come.
 */
export function withDeviceWeights(backend: Backend, poolValues: number): Backend {
  const pools = new Map<string, Promise<WeightBuffer>>();
  const device = deviceOf(backend);
  let seed = 1;
  const poolOf = (format: Format, columns: number): Promise<WeightBuffer> => {
    const key = `${format} ${columns}`;
    const known =
      pools.get(key) ?? drawPool(backend, format, [Math.ceil(poolValues / columns), columns], seed++);
    pools.set(key, known);
    return known;
  };
  return new Proxy(backend, {
    get(target, name) {
      if (name === "loadWeight") {
        return async (spec: TensorSpec, ...rest: [never, AbortSignal?]): Promise<WeightBuffer> => {
          const isLarge = !isVector(spec) && elementCount(spec.shape) > poolValues;
          if (!isLarge) return await backend.loadWeight(spec, ...rest);
          return stitch(device, spec, (await poolOf(spec.format, spec.shape.at(-1)!)) as CudaWeight);
        };
      }
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** Rows of a matrix as the device keeps them. */
async function drawPool(
  backend: Backend,
  format: Format,
  shape: readonly [rows: number, columns: number],
  seed: number,
): Promise<WeightBuffer> {
  const spec = { shape, format };
  const random = new RandomWeights(seed, elementCount(shape));
  const source = { byteLength: byteLength(spec), pieces: () => random.matrix(shape, format) };
  return await backend.loadWeight(spec, source);
}

/** Copies stretches of the pool, each from another row on, until the matrix is full. */
function stitch(device: Device, spec: TensorSpec, pool: CudaWeight): CudaWeight {
  const rows = elementCount(spec.shape.slice(0, -1));
  const { rowBytes } = weightLayout(spec.format, spec.shape.at(-1)!);
  const poolRows = pool.spec.shape[0]!;
  const bytes = rows * rowBytes;
  device.enter();
  const address = device.memory.allocate(bytes, `weight [${spec.shape.join(", ")}]`, undefined);
  for (let row = 0, start = 0; row < rows; start = (start + 17) % poolRows) {
    const count = Math.min(poolRows - start, rows - row);
    device.queue.copy(
      address + BigInt(row * rowBytes),
      pool.address + BigInt(start * rowBytes),
      count * rowBytes,
    );
    row += count;
  }
  return new CudaWeight(device, spec, address, weightBytes(spec), 1);
}

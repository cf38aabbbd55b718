/** Rows of weights in memories of their own, and products with them. Data goes through a buffer of bytes. */
export interface RowStore {
  /** Makes room for rows of a weight. @throws {RangeError} where the machine has no more memory. */
  hold(weight: number, format: number, rows: number, columns: number, bytes: number): void;
  /** Brings `count` rows from `first` on, which stand as their file has them from `at` on. */
  fill(weight: number, first: number, count: number, rowBytes: number, at: number): void;
  /** y[count, rows] from `yAt` on, of `count` prepared rows of x, `xBytes` in all, from `xAt` on. */
  multiply(weight: number, count: number, xAt: number, xBytes: number, yAt: number): void;
  /** One row as f32, from `at` on. */
  widen(weight: number, row: number, at: number): void;
  /** Does nothing where the weight is not held. */
  release(weight: number): void;
}

/**
 * A store whose memories are as many instances of the kernels as the rows need, each of up to 4 GiB.
 *
 * The source of this function is also what a thread runs, so it refers to nothing outside of itself.
 */
export function createRowStore(
  module: WebAssembly.Module,
  dotRange: number,
  exchange: ArrayBufferLike,
  scratchBytes: number,
): RowStore {
  const PAGE_BYTES = 65536;
  const LARGEST_BYTES = 65535 * PAGE_BYTES;
  const LINE_BYTES = 64;

  interface Instance {
    readonly memory: WebAssembly.Memory;
    readonly call: Record<string, (...words: number[]) => void>;
    /** Where what comes and goes is put: `scratchBytes`, then a panel, then rows of x as they are packed. */
    readonly scratch: number;
    end: number;
    weights: number;
  }

  interface Share {
    readonly instance: Instance;
    /** `Held` in the kernels, and after it the data. */
    readonly held: number;
    readonly data: number;
    readonly format: number;
    readonly rows: number;
    readonly columns: number;
  }

  /** Room for a panel of so many columns. */
  const panelBytes = 32 * 65536;
  const bytes = new Uint8Array(exchange);
  const shares = new Map<number, Share>();
  let instances: Instance[] = [];

  const instantiate = (): Instance => {
    const memory = new WebAssembly.Memory({ initial: 4, maximum: LARGEST_BYTES / PAGE_BYTES });
    const none = (): void => {};
    const env = { memory, multiplyShards: none, widenShards: none, runParts: none };
    const { exports } = new WebAssembly.Instance(module, { env });
    const call = exports as Record<string, (...words: number[]) => void>;
    call.set_dot_range!(dotRange);
    const heap = (exports.__heap_base as WebAssembly.Global).value as number;
    const scratch = Math.ceil(heap / LINE_BYTES) * LINE_BYTES;
    const instance = { memory, call, scratch, end: scratch, weights: 0 };
    take(instance, scratchBytes + panelBytes + scratchBytes);
    instances.push(instance);
    return instance;
  };

  const take = (instance: Instance, size: number): number => {
    const address = instance.end;
    const end = address + Math.ceil(size / LINE_BYTES) * LINE_BYTES;
    const missing = end - instance.memory.buffer.byteLength;
    if (missing > 0) instance.memory.grow(Math.ceil(missing / PAGE_BYTES));
    instance.end = end;
    return address;
  };

  const share = (weight: number): Share => shares.get(weight)!;

  return {
    hold(weight, format, rows, columns, size) {
      const needed = size + 2 * LINE_BYTES;
      const instance = instances.find(({ end }) => end + needed <= LARGEST_BYTES) ?? instantiate();
      const held = take(instance, LINE_BYTES);
      const data = take(instance, size);
      new Uint32Array(instance.memory.buffer, held, 4).set([data, format, rows, columns]);
      instance.weights++;
      shares.set(weight, { instance, held, data, format, rows, columns });
    },

    fill(weight, first, count, rowBytes, at) {
      const { instance, data, format, columns } = share(weight);
      const { memory, call, scratch } = instance;
      new Uint8Array(memory.buffer, scratch).set(bytes.subarray(at, at + count * rowBytes));
      call.fill!(data, format, columns, first, count, scratch, rowBytes);
    },

    multiply(weight, count, xAt, xBytes, yAt) {
      const { instance, held, rows } = share(weight);
      const { memory, call, scratch } = instance;
      const y = scratch + Math.ceil(xBytes / LINE_BYTES) * LINE_BYTES;
      const yBytes = 4 * count * rows;
      new Uint8Array(memory.buffer, scratch, xBytes).set(bytes.subarray(xAt, xAt + xBytes));
      call.multiply!(held, scratch, count, y, rows, scratch + scratchBytes);
      bytes.set(new Uint8Array(memory.buffer, y, yBytes), yAt);
    },

    widen(weight, row, at) {
      const { instance, held, columns } = share(weight);
      const { memory, call, scratch } = instance;
      call.widen_row!(held, row, scratch);
      bytes.set(new Uint8Array(memory.buffer, scratch, 4 * columns), at);
    },

    release(weight) {
      const instance = shares.get(weight)?.instance;
      if (instance === undefined) return; // it could not be held
      shares.delete(weight);
      instance.weights--;
      // A memory does not shrink: it goes as a whole, with the last weight in it.
      if (instance.weights === 0) instances = instances.filter((other) => other !== instance);
    },
  };
}

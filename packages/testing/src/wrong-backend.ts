import {
  accessOf,
  type Backend,
  type DeviceBuffer,
  type Executable,
  type Op,
  type Program,
  type Step,
} from "@krait/tensor";

/** A backend that compiles other ops than it was given: to see whether a test notices. */
export function rewriteOps(backend: Backend, rewrite: (op: Op) => Op): Backend {
  return wrapBackend(backend, {
    compile(program, options) {
      const ops = program.ops.map(rewrite);
      // A Program that declares what no op uses is refused.
      const used = new Set(ops.flatMap((op) => accessOf(op).weights.map(({ weight }) => weight)));
      const weights = Object.entries(program.weights).filter(([name]) => used.has(name));
      return backend.compile({ ...program, ops, weights: Object.fromEntries(weights) }, options);
    },
  });
}

/** A backend that runs with other feeds than it was given; they are changed in place, as copies. */
export function rewriteFeed(backend: Backend, feed: string, rewrite: (values: Int32Array) => void): Backend {
  return wrapBackend(backend, {
    async compile(program, options) {
      const executable = await backend.compile(program, options);
      return wrapExecutable(executable, (step) => ({
        ...wrapStep(step),
        run(extents, feeds) {
          const copy = structuredClone(feeds);
          rewrite(copy[feed] as Int32Array);
          step.run(extents, copy);
        },
      }));
    },
  });
}

/** A backend that gets one number of a value or state wrong, by a bit that is 1/1024 of an f32. */
export function perturb(backend: Backend, name: string): Backend {
  const originals = new Map<DeviceBuffer, DeviceBuffer>();
  const wrong = (buffer: DeviceBuffer): DeviceBuffer => {
    const wrapped: DeviceBuffer = {
      byteLength: buffer.byteLength,
      write: (byteOffset, bytes) => buffer.write(byteOffset, bytes),
      clear: (byteOffset, byteLength) => buffer.clear(byteOffset, byteLength),
      async read(byteOffset, byteLength) {
        const bytes = await buffer.read(byteOffset, byteLength);
        const middle = 4 * Math.floor(bytes.byteLength / 8);
        bytes[middle + 1]! ^= 0x20;
        return bytes;
      },
      [Symbol.dispose]: () => buffer[Symbol.dispose](),
    };
    originals.set(wrapped, buffer);
    return wrapped;
  };
  return wrapBackend(backend, {
    allocate(bytes, label) {
      const buffer = backend.allocate(bytes, label);
      return label === name ? wrong(buffer) : buffer;
    },
    async compile(program, options) {
      const executable = await backend.compile(program, options);
      const bind: Executable["bind"] = ({ weights, states }) => {
        const own = Object.entries(states).map(([state, buffer]) => [state, originals.get(buffer) ?? buffer]);
        const step = executable.bind({ weights, states: Object.fromEntries(own) });
        const outputs = Object.entries(step.outputs).map(([output, buffer]) => [
          output,
          output === name ? wrong(buffer) : buffer,
        ]);
        return { ...wrapStep(step), outputs: Object.fromEntries(outputs) };
      };
      return { bind, [Symbol.dispose]: () => executable[Symbol.dispose]() };
    },
  });
}

/** The same backend, save for the members given. */
export function wrapBackend(backend: Backend, changed: Partial<Backend>): Backend {
  return {
    name: backend.name,
    software: backend.software,
    synchronous: backend.synchronous,
    kvDtype: backend.kvDtype,
    limits: backend.limits,
    weightFormats: backend.weightFormats,
    weightBytes: (spec) => backend.weightBytes(spec),
    lost: backend.lost,
    allocate: (bytes, label) => backend.allocate(bytes, label),
    loadWeight: (spec, source, signal) => backend.loadWeight(spec, source, signal),
    copy: (regions) => backend.copy(regions),
    compile: (program: Program, options) => backend.compile(program, options),
    [Symbol.asyncDispose]: () => backend[Symbol.asyncDispose](),
    ...changed,
  };
}

export function wrapExecutable(executable: Executable, wrap: (step: Step) => Step): Executable {
  return {
    bind: (buffers) => wrap(executable.bind(buffers)),
    [Symbol.dispose]: () => executable[Symbol.dispose](),
  };
}

export function wrapStep(step: Step): Step {
  return {
    outputs: step.outputs,
    run: (extents, feeds) => step.run(extents, feeds),
    [Symbol.dispose]: () => step[Symbol.dispose](),
  };
}

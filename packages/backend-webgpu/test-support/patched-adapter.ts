import { findAdapter } from "../src/adapter.ts";

/**
 * An adapter of its own, whose device compiles other kernels than it is given, as a faulty driver would.
 *
 * @param onDevice - told of the device, so that a test can do to it what happens to devices.
 */
export async function patchedAdapter(
  patch: (source: string) => string,
  onDevice?: (device: GPUDevice) => void,
): Promise<GPUAdapter> {
  const adapter = await findAdapter();
  return new Proxy(adapter, {
    get(target, key) {
      if (key === "requestDevice") {
        return async (descriptor: GPUDeviceDescriptor) => {
          const device = await target.requestDevice(descriptor);
          const compile = device.createShaderModule.bind(device);
          device.createShaderModule = (module) => compile({ ...module, code: patch(module.code) });
          onDevice?.(device);
          return device;
        };
      }
      return Reflect.get(target, key, target);
    },
  });
}

/**
 * An adapter that says it is a graphics card: kernels take the forms for such a one.
 *
 * @param hasFeatures - whether it has the features that the driver has, or none.
 */
export async function graphicsCard(hasFeatures: boolean): Promise<GPUAdapter> {
  const adapter = await findAdapter();
  return new Proxy(adapter, {
    get(target, key) {
      if (key === "features" && !hasFeatures) return new Set();
      if (key === "info") return { vendor: "pretended", architecture: "", device: "", description: "" };
      const member = Reflect.get(target, key, target);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

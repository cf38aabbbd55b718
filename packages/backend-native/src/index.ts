export { hasNativeBackend, type InstructionSet } from "./addon.ts";
export { createNativeBackend, type NativeBackendOptions } from "./backend.ts";

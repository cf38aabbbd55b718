export { Bindings, storedFormats } from "./bindings.ts";
export { KernelExecutable } from "./executable.ts";
export {
  checkNames,
  type KernelHost,
  type KernelWeight,
  type LinearWriter,
  type OpList,
  type Region,
} from "./kernel-host.ts";
export { type Entry, encodeOpList, floatBits, KERNEL_REVISION } from "./op-list.ts";
export { activationWord } from "./op-words.ts";
export { ownedBytes } from "./owned-bytes.ts";
export { KernelStep } from "./step.ts";

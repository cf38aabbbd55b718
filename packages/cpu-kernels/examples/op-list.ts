import { encodeOpList } from "@krait/cpu-kernels";

// Two entries of a list of ops, for kernels that stand at the addresses 1 and 2: what a backend's
// `run` walks. A Program's own list comes from `KernelExecutable`, which needs a backend's memory.
const kernels = new Map([
  ["rmsNorm", 1],
  ["gatherRows", 2],
]);
const rows = 4096; // the address at which the host writes how many rows a step has
const entries = [
  { kernel: "rmsNorm", words: [rows, 8192, 64, 64, 16384, 0x3727c5ac, 24576, 64, 64] },
  { kernel: "gatherRows", words: [rows, 24576, 64, 64, 32768, 40960, 64, 64] },
];

const narrow = encodeOpList(entries, { kernels, wordBytes: 4 });
console.log("in WebAssembly:", new Int32Array(narrow.buffer));
const wide = encodeOpList(entries, { kernels, wordBytes: 8 });
console.log("in 64 bits:", new BigInt64Array(wide.buffer));

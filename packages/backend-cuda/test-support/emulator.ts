import koffi from "koffi";

/** What the emulated driver can do besides the driver's own functions. */
export interface Emulator {
  /** Where the library is: the option `library` of a backend. */
  readonly library: string;
  /** The order of blocks, warps and lanes: 0 rising, 1 falling, otherwise shuffled. */
  setOrder(order: number): void;
  /** Leaves out the barriers of a line of a source from here on; none with line 0. */
  skipBarrier(file: string, line: number): void;
  /** The barriers that were reached since the last call. */
  takeReached(): { readonly file: string; readonly line: number }[];
  /** What kind of machine there is; as it was at first, unless given. */
  setDevice(device?: {
    readonly devices?: number;
    /** Such as 12040. */
    readonly driver?: number;
    /** Of the compute capability. */
    readonly major?: number;
    readonly bytes?: number;
  }): void;
  /** The next launch ends in a fault. */
  failNextLaunch(): void;
  /** After a launch that failed: as if the process had begun anew. */
  reset(): void;
}

/** @param library - as {@link buildEmulator} made it. */
export function openEmulator(library: string): Emulator {
  const handle = koffi.load(library);
  const setOrder = handle.func("emulatorSetOrder", "void", ["unsigned int"]);
  const skipBarrier = handle.func("emulatorSkipBarrier", "void", ["const char *", "int"]);
  const takeReached = handle.func("emulatorTakeReached", "const char *", []);
  const setDevice = handle.func("emulatorSetDevice", "void", ["int", "int", "int", "double"]);
  const failNextLaunch = handle.func("emulatorFailNextLaunch", "void", []);
  const reset = handle.func("emulatorReset", "void", []);
  return {
    library,
    setOrder: (order) => setOrder(order),
    skipBarrier: (file, line) => skipBarrier(file, line),
    takeReached: () =>
      (takeReached() as string)
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => ({ file: line.split(":")[0]!, line: Number(line.split(":")[1]) })),
    setDevice: ({ devices = 1, driver = 13000, major = 8, bytes = 2 ** 32 } = {}) =>
      setDevice(devices, driver, major, bytes),
    failNextLaunch: () => failNextLaunch(),
    reset: () => reset(),
  };
}

/** What a check found, as `Fault` in `kernels/fault.h` lays it out; its kinds are in the order there. */
export interface Fault {
  readonly kind: (typeof faultKinds)[number];
  /** Which row, segment or element. */
  readonly at: number;
  readonly value: number;
  readonly least: number;
  readonly most: number;
}

const faultKinds = [
  "none",
  "out-of-range",
  "last-token",
  "segment-rows",
  "segment-length",
  "segment-overlap",
  "segment-mark",
  "segment-slot",
  "segment-write",
  "segment-read",
  "page-missing",
  "position-shared",
] as const;

export const FAULT_BYTES = 20;

export function decodeFault(bytes: Uint8Array): Fault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, FAULT_BYTES);
  const [kind, at, value, least, most] = [0, 4, 8, 12, 16].map((offset) => view.getInt32(offset, true));
  return { kind: faultKinds[kind!]!, at: at!, value: value!, least: least!, most: most! };
}

/** Names that a fault's message needs, by what the check looks at. */
export interface FaultNames {
  /** The feed that is looked at. */
  readonly feed: string;
  /** The page table, for checks of pages. */
  readonly pageTable?: string;
  /** The setting that one column of the feed holds. */
  readonly says?: string;
  /** What was expected of a setting that is a number, whose bits the fault has. */
  readonly range?: string;
}

/** A fault in words: the feed, the place, what is there and what was expected. */
export function describeFault(fault: Fault, { feed, pageTable, says, range }: FaultNames): string {
  const { at, value, least, most } = fault;
  const name = `feed "${feed}"`;
  const segment = `${name}, segment ${at}`;
  switch (fault.kind) {
    case "out-of-range":
      if (range !== undefined) return `${name} has ${says} ${floatOf(value)} in row ${at}, expected ${range}`;
      if (says !== undefined)
        return `${name} has ${says} ${value} in row ${at}, expected ${least} to ${most}`;
      return `${name} is ${value} at ${at}, expected ${least} to ${most}`;
    case "last-token":
      return (
        `row ${at} asks for the token that slot ${least} sampled last, which is ${value}, ` +
        `expected 0 to ${most}`
      );
    case "segment-rows":
      return `${segment} has ${value} rows from ${least} on, expected rows 0 to ${most}`;
    case "segment-length":
      return `${segment} has ${value} rows, but the extent "longestSegment" is ${most}`;
    case "segment-overlap":
      return `${segment} has row ${value}, as segment ${least} has`;
    case "segment-mark":
      return `${segment} has mark row ${value}, expected one of its own rows, or -1 with mark slot -1`;
    case "segment-slot":
      return `${segment} has slot ${value}, expected 0 to ${most}`;
    case "segment-write":
      return `${segment} writes slot ${value}, as segment ${least} does`;
    case "segment-read":
      return `${segment} reads slot ${value}, which segment ${least} writes`;
    case "page-missing":
      return `row ${at} needs page ${least} of its slot, but "${pageTable}" has ${value} there, expected 0 to ${most}`;
    case "position-shared":
      return `rows ${least} and ${at} both write position ${most} of page ${value}`;
    default:
      return `${name} was refused without a fault`;
  }
}

function floatOf(bits: number): number {
  return new Float32Array(Int32Array.of(bits).buffer)[0]!;
}

/** One measured number, and what it is compared with. */
export interface Figure {
  /** Dotted, from the general to the particular: `9b.q4_0.native.2t.decode`. */
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What the figure is held against, in the same unit. */
  readonly peer: number | null;
  /** 1 is as good as the peer, and more is better whatever the unit. */
  readonly ratio: number | null;
  /** The ratio to reach. */
  readonly goal: number | null;
  /** Who or what the peer is. */
  readonly against: string | null;
  /** The share of the machine that other processes took meanwhile; null where it cannot be known. */
  readonly busy: number | null;
  /** Of a part of a step: the time that it takes. */
  readonly milliseconds?: number;
  /** Of a part of a step: its share of the step's time. */
  readonly share?: number;
}

interface Comparison {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly busy?: number | null;
  readonly milliseconds?: number;
  readonly share?: number;
  readonly peer?: {
    readonly value: number;
    readonly name: string;
    /** The goal of the ratio. */
    readonly goal?: number;
    /** The ratio where it was measured pair by pair; that of the two values unless given. */
    readonly ratio?: number;
  };
  /** Whether less is better, as with time, memory and cost: the ratio is then peer ÷ value. */
  readonly lessIsBetter?: boolean;
}

/** A figure with its ratio to the peer's. Numbers keep four digits: no measurement here has more. */
export function figure(comparison: Comparison): Figure {
  const { name, value, unit, busy, milliseconds, share, peer, lessIsBetter } = comparison;
  const ratio = peer && (peer.ratio ?? (lessIsBetter ? peer.value / value : value / peer.value));
  return {
    name,
    value: digits(value)!,
    unit,
    peer: digits(peer?.value),
    ratio: digits(ratio),
    goal: digits(peer?.goal),
    against: peer?.name ?? null,
    busy: busy == null ? null : Number(busy.toFixed(3)),
    ...(milliseconds !== undefined && { milliseconds: digits(milliseconds)! }),
    ...(share !== undefined && { share: digits(share)! }),
  };
}

function digits(value: number | undefined): number | null {
  return value === undefined || !Number.isFinite(value) ? null : Number(value.toPrecision(4));
}

/**
 * A stretch of the model's text and what became of it. Segments account for every character: `text`,
 * `reasoning`, `name`, `id` and `arguments` are in the result under these names, `member` is the source
 * of a warning, and the rest (`key`, `marker`, `space`) is syntax.
 */
export interface Segment {
  readonly kind: SegmentKind;
  readonly text: string;
}

export type SegmentKind =
  | "reasoning"
  | "text"
  | "name"
  | "id"
  | "arguments"
  | "member"
  | "key"
  | "marker"
  | "space";

/** Segments in the order of the text. */
export class SegmentList implements Iterable<Segment> {
  #segments: { kind: SegmentKind; text: string }[] = [];
  #held: { kind: SegmentKind; text: string }[] = [];

  /** Adds to the last segment where that is of the same kind. */
  add(kind: SegmentKind, text: string): void {
    const last = this.#segments.at(-1);
    if (last?.kind === kind) last.text += text;
    else this.start(kind, text);
  }

  start(kind: SegmentKind, text: string): void {
    this.#segments.push({ kind, text });
  }

  /** Changes the kind of the last segment. */
  rename(kind: SegmentKind): void {
    this.#segments.at(-1)!.kind = kind;
  }

  /** Adds space that {@link settle} may yet turn into text. */
  hold(space: string): void {
    this.start("space", space);
    this.#held.push(this.#segments.at(-1)!);
  }

  settle(kind: "space" | "text"): void {
    for (const segment of this.#held) segment.kind = kind;
    this.#held = [];
  }

  /** Moves all segments to the end of another list, if there is one. */
  moveTo(other: SegmentList | undefined): void {
    for (const { kind, text } of this.#segments) other?.start(kind, text);
    this.#segments = [];
  }

  ofKind(kind: SegmentKind): string[] {
    return this.#segments.filter((segment) => segment.kind === kind).map(({ text }) => text);
  }

  /** The text of all segments. */
  get text(): string {
    return this.#segments.map(({ text }) => text).join("");
  }

  [Symbol.iterator](): Iterator<Segment> {
    return this.#segments[Symbol.iterator]();
  }
}

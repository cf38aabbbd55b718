import { JsonString, type Step } from "./json-string.ts";
import { JsonValue } from "./json-value.ts";
import { isSpace } from "./markers.ts";
import { type SegmentKind, SegmentList } from "./segments.ts";

type Member = "name" | "id" | "arguments" | "other";

/**
 * Reads one tool call, a JSON object, one character at a time from behind its `{`. The members may come
 * in any order.
 */
export class CallReader {
  /** The name, once it is complete. */
  name: string | undefined;
  id: string | undefined;
  /** What the last character added to the arguments. */
  piece = "";
  /** The arguments so far; undefined before they begin. */
  arguments: string | undefined;
  /** Everything read, `{` not included. */
  readonly segments: SegmentList = new SegmentList();

  #state: "first-key" | "key" | "in-key" | "colon" | "value" | "in-value" | "after-value" = "first-key";
  readonly #seen = new Set<Member>();
  #member: Member = "other";
  #key = "";
  #string: JsonString | undefined;
  #value: JsonValue | undefined;
  #text = "";
  #check: ObjectCheck | undefined;

  /** Members other than name, arguments and id, as the model wrote them. */
  get others(): string[] {
    return this.segments.ofKind("member");
  }

  /** Whether the arguments, or the string that they are, hold a JSON object; also where there are none. */
  get argumentsAreObject(): boolean {
    return this.#check?.isObject ?? this.arguments?.startsWith("{") ?? true;
  }

  step(char: string): Step {
    this.piece = "";
    switch (this.#state) {
      case "first-key":
      case "key":
        if (isSpace(char)) return this.#take("space", char);
        if (char === "}" && this.#state === "first-key") return this.#end(char);
        return char === '"' ? this.#startKey(char) : this.#break(char);
      case "in-key":
        return this.#stepKey(char);
      case "colon":
      case "value":
        return this.#stepToValue(char);
      case "in-value":
        return this.#stepValue(char);
      case "after-value":
        if (isSpace(char)) return this.#take("space", char);
        if (char === "}") return this.#end(char);
        if (char !== ",") return this.#break(char);
        this.#state = "key";
        return this.#take("marker", char);
    }
  }

  #startKey(char: string): Step {
    this.#state = "in-key";
    this.#key = "";
    this.#string = new JsonString();
    this.segments.start("key", char);
    return "more";
  }

  #stepKey(char: string): Step {
    this.segments.add("key", char);
    const step = this.#string!.step(char);
    if (step !== "done") {
      this.#key += this.#string!.piece;
      return step;
    }
    const isKnown = this.#key === "name" || this.#key === "id" || this.#key === "arguments";
    this.#member = isKnown ? (this.#key as Member) : "other";
    // A second name or second arguments would contradict the first.
    if (isKnown && this.#seen.has(this.#member)) return "broken";
    this.#seen.add(this.#member);
    if (!isKnown) this.segments.rename("member");
    this.#state = "colon";
    return "more";
  }

  /** Between a key and its value, which is where the kind of value shows. */
  #stepToValue(char: string): Step {
    const isOther = this.#member === "other";
    if (isSpace(char)) return this.#take(isOther ? "member" : "space", char);
    if (this.#state === "colon") {
      if (char !== ":") return this.#break(char);
      this.#state = "value";
      return this.#take(isOther ? "member" : "marker", char);
    }
    this.#state = "in-value";
    this.#text = "";
    this.#value = undefined;
    if (char === '"' && !isOther) {
      this.#string = new JsonString();
      if (this.#member === "arguments") {
        this.arguments = "";
        this.#check = new ObjectCheck();
      }
      return this.#take("marker", char);
    }
    if (this.#member === "name") return this.#break(char);
    this.#value = new JsonValue();
    return this.#stepValue(char);
  }

  #stepValue(char: string): Step {
    const reader = this.#value ?? this.#string!;
    const step = reader.step(char);
    if (step === "broken") return this.#break(char);
    if (step === "ended") {
      this.#endValue();
      return this.step(char);
    }
    if (reader instanceof JsonString) {
      if (step === "done") this.segments.add("marker", char);
      else this.#grow(reader.piece, char);
    } else {
      this.#grow(char, char);
    }
    if (step === "done") this.#endValue();
    return "more";
  }

  /** A piece of the value, from a character of the source. */
  #grow(piece: string, char: string): void {
    this.segments.add(this.#member === "other" ? "member" : this.#member, char);
    if (this.#member === "other") return;
    this.#text += piece;
    if (this.#member !== "arguments") return;
    this.piece = piece;
    this.arguments = this.#text;
    if (piece !== "") this.#check?.step(piece);
  }

  #endValue(): void {
    if (this.#member === "name") this.name = this.#text;
    if (this.#member === "id") this.id = this.#text;
    this.#state = "after-value";
  }

  #end(char: string): Step {
    this.segments.add("marker", char);
    const isCall = this.name !== undefined && (this.arguments !== undefined || !this.#seen.has("other"));
    return isCall ? "done" : "broken";
  }

  #take(kind: SegmentKind, char: string): Step {
    this.segments.add(kind, char);
    return "more";
  }

  #break(char: string): Step {
    this.segments.add("marker", char);
    return "broken";
  }
}

/** Whether a text, given one character at a time, is one JSON object. */
class ObjectCheck {
  readonly #value = new JsonValue();
  #state: "before" | "inside" | "complete" | "no" = "before";

  get isObject(): boolean {
    return this.#state === "complete";
  }

  step(char: string): void {
    if (this.#state === "no" || (this.#state !== "inside" && isSpace(char))) return;
    if (this.#state === "before" && char === "{") this.#state = "inside";
    if (this.#state !== "inside") {
      this.#state = "no";
      return;
    }
    const step = this.#value.step(char);
    if (step === "done") this.#state = "complete";
    if (step === "broken") this.#state = "no";
  }
}

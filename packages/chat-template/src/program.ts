import { type Interpreter, parse, tokenize } from "@huggingface/jinja";
import { ChatTemplateError } from "./chat-template-error.ts";
import type { RuntimeValue } from "./runtime-values.ts";

/** A node of the library's syntax tree, with the fields that are read here. */
export type Node = NonNullable<Parameters<Interpreter["evaluate"]>[0]>;

export interface MemberNode extends Node {
  readonly object: Node;
  readonly property: Node & { readonly value: unknown };
  readonly computed: boolean;
}

export interface BinaryNode extends Node {
  readonly operator: { readonly value: string };
  readonly left: Node;
  readonly right: Node;
}

export interface CallNode extends Node {
  readonly callee: Node & { readonly value: unknown };
  readonly args: readonly (Node & { readonly key?: { readonly value: string }; readonly value?: Node })[];
}

export interface FilterNode extends Node {
  readonly operand: Node;
  readonly filter: (Node & { readonly value: string }) | CallNode;
}

export interface ForNode extends Node {
  readonly loopvar: Node & { readonly value: unknown };
  readonly iterable: Node & { readonly lhs: Node };
  readonly body: readonly Node[];
}

/** What {@link compile} adds to the tree: an expression whose value goes into the prompt. */
export interface OutputNode extends Node {
  readonly expression: Node;
}

/** What {@link compile} adds to the tree: the start of a turn of a loop, which may be over messages. */
export interface MarkNode extends Node {
  readonly variable: string;
}

/** What the interpreter adds to the tree: a value that is known already. */
export interface ValueNode extends Node {
  readonly known: RuntimeValue;
}

export interface Program {
  readonly root: ReturnType<typeof parse>;
  /** Every string that the template writes or compares with. */
  readonly literals: ReadonlySet<string>;
  readonly source: string;
}

const STATEMENTS = new Set([
  "Program",
  "If",
  "For",
  "Set",
  "Macro",
  "CallStatement",
  "FilterStatement",
  "Break",
  "Continue",
  "Comment",
]);
const BLOCKS = ["body", "alternate", "defaultBlock"];

/**
 * Parses a template, as transformers sets Jinja up (`trim_blocks` and `lstrip_blocks`).
 *
 * The library prints values as JavaScript would and offers no place to change that; so each expression whose
 * value is printed is wrapped in a node of our own, and each loop body opens with one that can mark in the
 * output where a message begins.
 *
 * @throws {ChatTemplateError} `TEMPLATE_SYNTAX`
 */
export function compile(source: string): Program {
  let root: Program["root"];
  try {
    root = parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (cause) {
    throw new ChatTemplateError({
      code: "TEMPLATE_SYNTAX",
      message: `The chat template does not parse: ${(cause as Error).message}.`,
      expected: "a Jinja template",
      actual: source,
      cause,
    });
  }
  const literals = new Set<string>();
  prepare(root, literals);
  return { root, literals, source };
}

function prepare(node: object, literals: Set<string>): void {
  if ("type" in node && node.type === "StringLiteral" && "value" in node) literals.add(String(node.value));
  const children = node instanceof Map ? [...node].flat() : Object.values(node);
  for (const child of children) if (typeof child === "object" && child !== null) prepare(child, literals);

  for (const name of BLOCKS) {
    const block: unknown = Reflect.get(node, name);
    if (!Array.isArray(block)) continue;
    const wrapped = (block as Node[]).map((entry) =>
      STATEMENTS.has(entry.type) ? entry : ({ type: "Output", expression: entry } satisfies OutputNode),
    );
    Reflect.set(node, name, wrapped);
  }
  if ("type" in node && node.type === "For") {
    const loop = node as ForNode;
    if (loop.loopvar.type !== "Identifier") return;
    const mark: MarkNode = { type: "Mark", variable: String(loop.loopvar.value) };
    Reflect.set(node, "body", [mark, ...loop.body]);
  }
}

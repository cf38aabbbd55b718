/** A place in the tree: the tokens on the way to it are a prefix of some that were inserted. */
interface Node<T> {
  readonly parent: Node<T> | undefined;
  /** Tokens from the parent to here; of the root, none. */
  edge: readonly number[];
  /** By first token of their edge. */
  readonly children: Map<number, Node<T>>;
  value: T | undefined;
}

/** What a lookup found. */
export interface RadixMatch<T> {
  /** Of the deepest prefix that has a value. */
  readonly value: T | undefined;
  /** Values on the way to it that lie where other inserted tokens part from these. */
  readonly branches: readonly T[];
  /** How many tokens are those of anything inserted, with a value at their end or not. */
  readonly common: number;
}

/** Values by token sequences, with common prefixes stored once. */
export class RadixTree<T> {
  readonly #root: Node<T> = { parent: undefined, edge: [], children: new Map(), value: undefined };
  readonly #nodes = new Map<T, Node<T>>();

  get size(): number {
    return this.#nodes.size;
  }

  /** The value stored for exactly these tokens. */
  get(tokens: readonly number[]): T | undefined {
    const { node, depth } = this.#descend(tokens);
    return depth === tokens.length ? node.value : undefined;
  }

  /** The value of the longest stored prefix of `tokens` that has at most `most` tokens. */
  find(tokens: readonly number[], most: number = tokens.length): RadixMatch<T> {
    const branches: T[] = [];
    let value: T | undefined;
    const { common } = this.#descend(tokens, (node, depth) => {
      if (node.value === undefined || depth > most) return;
      value = node.value;
      if (node.children.size > 1) branches.push(node.value);
    });
    return { value, branches, common };
  }

  /** @param value - not stored yet; nothing is stored for these tokens. */
  insert(tokens: readonly number[], value: T): void {
    const { node: start, depth, common } = this.#descend(tokens);
    let node = start;
    if (common > depth) node = this.#split(node.children.get(tokens[depth]!)!, common - depth);
    if (common < tokens.length) node = this.#attach(node, tokens.slice(common));
    node.value = value;
    this.#nodes.set(value, node);
  }

  remove(value: T): void {
    let node = this.#nodes.get(value);
    if (node === undefined) return;
    this.#nodes.delete(value);
    node.value = undefined;
    while (node.parent !== undefined && node.value === undefined && node.children.size === 0) {
      node.parent.children.delete(node.edge[0]!);
      node = node.parent;
    }
    this.#join(node);
  }

  values(): IterableIterator<T> {
    return this.#nodes.keys();
  }

  /**
   * Goes down as far as whole edges match.
   *
   * @returns the last node, its depth in tokens, and how far into the next edge the tokens still match.
   */
  #descend(
    tokens: readonly number[],
    visit: (node: Node<T>, depth: number) => void = () => {},
  ): { node: Node<T>; depth: number; common: number } {
    let node = this.#root;
    let depth = 0;
    for (;;) {
      visit(node, depth);
      const child = depth < tokens.length ? node.children.get(tokens[depth]!) : undefined;
      if (child === undefined) return { node, depth, common: depth };
      let matched = 1;
      while (matched < child.edge.length && child.edge[matched] === tokens[depth + matched]) matched++;
      if (matched < child.edge.length) return { node, depth, common: depth + matched };
      node = child;
      depth += matched;
    }
  }

  /** Puts a node without a value into the edge above `child`. */
  #split(child: Node<T>, at: number): Node<T> {
    const middle = this.#attach(child.parent!, child.edge.slice(0, at));
    this.#move(child, middle, child.edge.slice(at));
    return middle;
  }

  #attach(parent: Node<T>, edge: readonly number[]): Node<T> {
    const node: Node<T> = { parent, edge, children: new Map(), value: undefined };
    parent.children.set(edge[0]!, node);
    return node;
  }

  #move(node: Node<T>, parent: Node<T>, edge: readonly number[]): void {
    (node as { parent: Node<T> }).parent = parent;
    node.edge = edge;
    parent.children.set(edge[0]!, node);
  }

  /** Joins a node without a value to its only child. */
  #join(node: Node<T>): void {
    if (node.parent === undefined || node.value !== undefined || node.children.size !== 1) return;
    const [child] = node.children.values();
    this.#move(child!, node.parent, [...node.edge, ...child!.edge]);
  }
}

/** Numbers, the lowest first: a binary heap. */
export class NumberHeap {
  readonly #numbers: number[] = [];

  push(number: number): void {
    const numbers = this.#numbers;
    let i = numbers.length;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (numbers[parent]! <= number) break;
      numbers[i] = numbers[parent]!;
      i = parent;
    }
    numbers[i] = number;
  }

  pop(): number | undefined {
    const numbers = this.#numbers;
    const lowest = numbers[0];
    const last = numbers.pop();
    if (last === undefined || numbers.length === 0) return lowest;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= numbers.length) break;
      if (child + 1 < numbers.length && numbers[child + 1]! < numbers[child]!) child++;
      if (numbers[child]! >= last) break;
      numbers[i] = numbers[child]!;
      i = child;
    }
    numbers[i] = last;
    return lowest;
  }
}

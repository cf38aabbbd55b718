import type { Format, Program } from "@krait/tensor";
import type { Device } from "../device/device.ts";
import { measureVariant } from "./measure-variant.ts";
import { type ProductVariant, type RowClass, rowClasses, variantsOf } from "./product-variant.ts";

/** What products with weights of a format compute in on this adapter. */
export interface ProductChoice {
  readonly format: Format;
  readonly rows: RowClass;
  readonly variant: ProductVariant;
  /** What a small product took with each variant; nothing where there was no choice. */
  readonly seconds: Readonly<Partial<Record<ProductVariant, number>>>;
}

/** How variants are chosen: the fastest of those that there are, or always the same one where there is it. */
export type ProductsOption = ProductVariant | "measured";

/** Chooses for each format and number of rows among the variants of a product, once for a device. */
export class ProductChoices {
  readonly #device: Device;
  readonly #option: ProductsOption;
  readonly #onChoice: ((choice: ProductChoice) => void) | undefined;
  readonly #chosen = new Map<string, ProductChoice>();
  #pending: Promise<void> = Promise.resolve();

  constructor(device: Device, option: ProductsOption, onChoice?: (choice: ProductChoice) => void) {
    this.#device = device;
    this.#option = option;
    this.#onChoice = onChoice;
  }

  get all(): readonly ProductChoice[] {
    return [...this.#chosen.values()];
  }

  /** Of a format that {@link prepare} has seen. */
  readonly variantOf = (format: Format, rows: RowClass): ProductVariant =>
    this.#chosen.get(keyOf(format, rows))?.variant ?? "f32";

  /** Chooses for all products of a Program. Calls follow each other, so that none disturbs what another measures. */
  async prepare({ ops, weights }: Program): Promise<void> {
    const formats = new Set(
      ops.flatMap((op) => (op.op === "linear" ? [weights[op.weight.weight]!.format] : [])),
    );
    const choosing = this.#pending.then(async () => {
      for (const format of formats) for (const rows of rowClasses) await this.#choose(format, rows);
    });
    this.#pending = choosing.catch(() => {});
    await choosing;
  }

  async #choose(format: Format, rows: RowClass): Promise<void> {
    const key = keyOf(format, rows);
    if (this.#chosen.has(key)) return;
    const variants = variantsOf(format, this.#device.traits.features);
    const choice = await this.#choiceOf(format, rows, variants);
    this.#chosen.set(key, choice);
    this.#onChoice?.(choice);
  }

  async #choiceOf(
    format: Format,
    rows: RowClass,
    variants: readonly ProductVariant[],
  ): Promise<ProductChoice> {
    if (this.#option !== "measured") {
      const variant = variants.includes(this.#option) ? this.#option : "f32";
      return { format, rows, variant, seconds: {} };
    }
    const seconds: Partial<Record<ProductVariant, number>> = {};
    if (variants.length > 1) {
      for (const variant of variants) {
        seconds[variant] = await measureVariant(this.#device, format, rows, variant);
      }
    }
    const [variant] = variants.toSorted((a, b) => (seconds[a] ?? 0) - (seconds[b] ?? 0));
    return { format, rows, variant: variant!, seconds };
  }
}

/** In words, for a person. */
export function describeChoice({ format, rows, variant, seconds }: ProductChoice): string {
  const times = Object.entries(seconds).map(([each, time]) => `${each} ${(1e6 * time).toFixed(0)} µs`);
  const what = { one: "one row", few: "up to 8 rows", many: "more rows" }[rows];
  return `Products of ${what} with ${format} compute in ${variant}${times.length > 0 ? ` (${times.join(", ")})` : ""}.`;
}

const keyOf = (format: Format, rows: RowClass): string => `${format} × ${rows}`;

import type { Format, Program } from "@krait/tensor";
import type { Device } from "../device/device.ts";
import { KernelCompileError, type KernelProduct } from "../kernel-compile-error.ts";
import { measureVariant } from "./measure-variant.ts";
import {
  isInHalves,
  type ProductKind,
  type ProductVariant,
  type RowClass,
  rowClasses,
  variantsOf,
} from "./product-variant.ts";

/** What products with weights of a format compute in on this adapter. */
export interface ProductChoice extends ProductKind {
  readonly variant: ProductVariant;
  /** What would have been chosen, had it compiled and not been found wrong by the self-test. */
  readonly wrong: readonly ProductVariant[];
  /** What a small product took with each variant; nothing where there was no choice. */
  readonly seconds: Readonly<Partial<Record<ProductVariant, number>>>;
}

/** How variants are chosen: the fastest of those that there are, or always the same one where there is it. */
export type ProductsOption = "f32" | "f16" | "bytes" | "matrices" | "measured";

/** Chooses for each format and number of rows among the variants of a product, once for a device. */
export class ProductChoices {
  readonly #device: Device;
  readonly #option: ProductsOption;
  readonly #onChoice: ((reason: string) => void) | undefined;
  readonly #chosen = new Map<string, ProductChoice>();
  #pending: Promise<void> = Promise.resolve();

  /** @param onChoice - told in words of what was measured, found wrong, or not compiled. */
  constructor(device: Device, option: ProductsOption, onChoice?: (reason: string) => void) {
    this.#device = device;
    this.#option = option;
    this.#onChoice = onChoice;
  }

  get all(): readonly ProductChoice[] {
    return [...this.#chosen.values()];
  }

  /** Of a format that {@link prepare} has seen. */
  readonly variantOf = (format: Format, rows: RowClass): ProductVariant =>
    this.#chosen.get(keyOf({ format, rows }))?.variant ?? "f32";

  /** A product as {@link variantOf} has it, and whether it rounds to f16. */
  productOf(kind: ProductKind): KernelProduct & { readonly isInHalves: boolean } {
    const variant = this.variantOf(kind.format, kind.rows);
    return { ...kind, variant, isInHalves: isInHalves(variant, this.#device.traits.features) };
  }

  /** The one that takes the most memory of those that may yet be chosen. */
  readonly largestVariantOf = (format: Format, rows: RowClass): ProductVariant => {
    const chosen = this.#chosen.get(keyOf({ format, rows }));
    if (chosen !== undefined) return chosen.variant;
    const candidates = this.#candidates({ format, rows }, {});
    // Matrices in f16 take what f16 takes, and are not without it; those in f32 take nothing.
    return (["f16", "bytes"] as const).find((variant) => candidates.includes(variant)) ?? "f32";
  };

  /**
   * Chooses for all products of a Program. Calls follow each other, so that none disturbs what another measures.
   *
   * @throws the reason of `signal`, between two measurements.
   */
  async prepare({ ops, weights }: Program, signal?: AbortSignal): Promise<void> {
    const formats = new Set(
      ops.flatMap((op) => (op.op === "linear" ? [weights[op.weight.weight]!.format] : [])),
    );
    const choosing = this.#pending.then(async () => {
      for (const format of formats) {
        for (const rows of rowClasses) await this.#choose({ format, rows }, signal);
      }
    });
    this.#pending = choosing.catch(() => {});
    await choosing;
  }

  /**
   * Takes the next of the variants, since one computes something wrong or does not compile.
   *
   * @param fault - what it computes, or why there is no kernel, in words.
   * @returns whether the one that is now chosen is another.
   */
  reject(kind: ProductKind, variant: ProductVariant, fault: string): boolean {
    const choice = this.#chosen.get(keyOf(kind));
    if (choice === undefined) return false;
    if (choice.variant !== variant) return true;
    const wrong = [...choice.wrong, choice.variant];
    const [next] = this.#candidates(kind, choice.seconds).filter((variant) => !wrong.includes(variant));
    if (next === undefined) return false;
    this.#chosen.set(keyOf(kind), { ...choice, variant: next, wrong });
    this.#onChoice?.(`${describeKind(kind)} compute in ${next}, for in ${choice.variant} ${fault}.`);
    return true;
  }

  async #choose(kind: ProductKind, signal: AbortSignal | undefined): Promise<void> {
    if (this.#chosen.has(keyOf(kind))) return;
    const isMeasured = this.#option === "measured";
    const { seconds, wrong } = isMeasured ? await this.#measure(kind, signal) : { seconds: {}, wrong: [] };
    const candidates = this.#candidates(kind, seconds);
    const variant = candidates.find((candidate) => !wrong.includes(candidate)) ?? candidates[0]!;
    const choice = { ...kind, variant, wrong, seconds };
    this.#chosen.set(keyOf(kind), choice);
    if (Object.keys(seconds).length > 0) this.#onChoice?.(describeChoice(choice));
  }

  async #measure(
    kind: ProductKind,
    signal: AbortSignal | undefined,
  ): Promise<Pick<ProductChoice, "seconds" | "wrong">> {
    const variants = variantsOf(kind, this.#device.traits.features);
    const seconds: Partial<Record<ProductVariant, number>> = {};
    const wrong: ProductVariant[] = [];
    if (variants.length === 1) return { seconds, wrong };
    for (const variant of variants) {
      try {
        seconds[variant] = await measureVariant(this.#device, kind, variant, signal);
      } catch (error) {
        if (!(error instanceof KernelCompileError) || error.products.length === 0) throw error;
        wrong.push(variant);
        this.#onChoice?.(`${describeKind(kind)} do not compute in ${variant}: ${describeFault(error)}.`);
      }
    }
    return { seconds, wrong };
  }

  /** The best first: the wanted one or the fastest, and what needs no feature last. */
  #candidates(kind: ProductKind, seconds: ProductChoice["seconds"]): ProductVariant[] {
    const { features } = this.#device.traits;
    const variants = variantsOf(kind, features).filter(
      (variant) => this.#option !== "f32" || variant === "f32",
    );
    const isWanted = (variant: ProductVariant): number => Number(variant !== this.#option);
    const sorted = variants.toSorted(
      (a, b) => isWanted(a) - isWanted(b) || (seconds[a] ?? 0) - (seconds[b] ?? 0),
    );
    return features.subgroups ? [...sorted, "plain"] : sorted;
  }
}

/** In words, for a person. */
function describeChoice({ variant, seconds, ...kind }: ProductChoice): string {
  const times = Object.entries(seconds).map(([each, time]) => `${each} ${(1e6 * time).toFixed(0)} µs`);
  return `${describeKind(kind)} compute in ${variant} (${times.join(", ")}).`;
}

/** Why there is no kernel, in words that follow the variant's. */
export const describeFault = ({ reason }: KernelCompileError): string => `they do not compile (${reason})`;

function describeKind({ format, rows }: ProductKind): string {
  const what = { one: "one row", few: "up to 8 rows", many: "more rows" }[rows];
  return `Products of ${what} with ${format}`;
}

const keyOf = ({ format, rows }: ProductKind): string => `${format} × ${rows}`;

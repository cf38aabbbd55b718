import { type Backend, type Format, KraitError, type Program } from "@krait/tensor";
import type { KernelProduct } from "../kernel-compile-error.ts";
import type { ProductChoices } from "../products/product-choices.ts";
import { expected } from "./expected.ts";
import { fingerprintsOf, type Probe } from "./probe.ts";
import { opProbes, productProbes } from "./probes.ts";

/** Of the fingerprint, or of 1 where that is smaller: far above what rounding does, far below what a wrong number does. */
const TOLERANCE = 2e-3;

/** Of products in f16, whose rounding moves a fingerprint by up to 6; outputs without meaning move it by some hundreds. */
const TOLERANCE_F16 = 16;

/** A kernel computes something else on this adapter than it should. */
export class KernelWrongError extends KraitError {
  readonly op: string;
  readonly adapter: string;

  constructor(fault: { op: string; adapter: string; expected: number; actual: number }) {
    const { op, adapter, expected: want, actual } = fault;
    super(
      "KERNEL_WRONG",
      `The kernel of ${op} computes ${actual} where ${want} is right, on adapter "${adapter}". ` +
        "Its driver may be at fault: update it, choose another adapter, or choose another backend.",
    );
    this.op = op;
    this.adapter = adapter;
  }
}

/**
 * Compares kernels, on the adapter that is to run them, with what the reference gives: some drivers compute
 * garbage. Each kernel is tested once for a device, when a Program that needs it is first compiled.
 */
export class SelfTest {
  readonly #backend: Backend;
  readonly #products: ProductChoices;
  readonly #adapter: string;
  readonly #proven = new Map<Probe["name"], Promise<void>>();

  /** @param backend - one that does not test itself. */
  constructor(backend: Backend, products: ProductChoices, adapter: string) {
    this.#backend = backend;
    this.#products = products;
    this.#adapter = adapter;
  }

  /** @throws {KernelWrongError} for the first kernel that is wrong, of a product when it is in all its variants. */
  async require(program: Program): Promise<void> {
    const formats = new Set<Format>();
    for (const op of program.ops) {
      if (op.op === "linear") formats.add(program.weights[op.weight.weight]!.format);
    }
    const probes = [...opProbes, ...[...formats].flatMap(productProbes)];
    await Promise.all(probes.map((probe) => this.#prove(probe)));
  }

  #prove(probe: Probe): Promise<void> {
    let proof = this.#proven.get(probe.name);
    if (proof === undefined) {
      proof = this.#run(probe);
      this.#proven.set(probe.name, proof);
    }
    return proof;
  }

  async #run(probe: Probe): Promise<void> {
    for (;;) {
      const fault = await this.#faultOf(probe);
      if (fault === undefined) return;
      const { product, actual, expected: want } = fault;
      const reason = `they give ${actual} where ${want} is right`;
      if (product === undefined || !this.#products.reject(product, product.variant, reason)) {
        throw new KernelWrongError({ ...fault, adapter: this.#adapter });
      }
    }
  }

  async #faultOf(probe: Probe): Promise<Fault | undefined> {
    const got = await fingerprintsOf(this.#backend, probe);
    // Chosen by now: a variant that does not compile has given way to the next.
    const product = probe.product && this.#products.productOf(probe.product);
    for (const [output, want] of Object.entries(expected[probe.name] ?? {})) {
      const actual = got[output] ?? Number.NaN;
      // Written so that what is not a number fails.
      const tolerance = product?.isInHalves ? TOLERANCE_F16 : TOLERANCE * Math.max(1, Math.abs(want));
      if (Math.abs(actual - want) <= tolerance) continue;
      const op = product === undefined ? output : `linear (${probe.name} rows)`;
      return { op, ...(product && { product }), expected: want, actual };
    }
    return undefined;
  }
}

interface Fault {
  readonly op: string;
  readonly product?: KernelProduct;
  readonly expected: number;
  readonly actual: number;
}

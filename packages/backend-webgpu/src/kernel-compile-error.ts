import { KraitError } from "@krait/tensor";
import type { ProductKind, ProductVariant } from "./products/product-variant.ts";

/** The product that a kernel is for, and the variant that it is. */
export interface KernelProduct extends ProductKind {
  readonly variant: ProductVariant;
}

/** The adapter's compiler does not take a kernel. */
export class KernelCompileError extends KraitError {
  /** What its compiler says. */
  readonly reason: string;
  /** The products that the kernels were for, if none of them was for anything else. */
  readonly products: readonly KernelProduct[];

  constructor(kernel: string, reason: string, products: readonly KernelProduct[]) {
    super(
      "KERNEL_UNCOMPILED",
      `The kernel "${kernel}" does not compile on this adapter: ${reason} ` +
        "Its driver may be at fault: update it, choose another adapter, or choose another backend.",
    );
    this.reason = reason;
    this.products = products;
  }
}

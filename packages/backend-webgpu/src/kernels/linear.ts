import type { Linear } from "@krait/tensor";
import type { CompileContext } from "../compile-context.ts";
import type { Launch } from "../launch.ts";
import { type ProductVariant, type RowClass, rowClasses, rowClassOf } from "../products/product-variant.ts";
import { shardsOf } from "../weight.ts";
import { fewRows, fewRowsOfBytes } from "./linear-few-rows.ts";
import { preparedInput } from "./linear-input.ts";
import { byMatrices } from "./linear-matrices.ts";
import { inSubgroups, isForVectors, rowInSubgroups } from "./linear-subgroups.ts";
import { tiled, tiledOfBytes, tiledOfHalves } from "./linear-tiled.ts";
import { type Product, productOf } from "./product.ts";

/** For each buffer of the weight, one dispatch of the kernel that suits the number of rows. */
export function linear(op: Linear, at: CompileContext): Launch[] {
  const products = shardsOf(at.weight(op.weight), at.maxBufferBytes).map((shard, index) =>
    productOf(op, at, shard, index),
  );
  const largest = at.largest[at.rows(op.output)];
  const classes = rowClasses.filter((_, index) => index <= rowClasses.indexOf(rowClassOf(largest)));
  return [...preparedInput(op, at, classes), ...products.flatMap((product) => launchesOf(product, classes))];
}

function launchesOf(product: Product, classes: readonly RowClass[]): Launch[] {
  return classes.map((rows) => {
    const own = product.at.productOf(product.op.weight, rows);
    return { ...launchOf(product, rows, own.variant), product: own };
  });
}

function launchOf(product: Product, rows: RowClass, variant: ProductVariant): Launch {
  if (variant === "f32" && isForVectors(product, rows)) {
    return rows === "one" ? rowInSubgroups(product) : inSubgroups(product, rows);
  }
  if (rows === "many") {
    if (variant === "bytes") return tiledOfBytes(product);
    if (variant === "matrices") return byMatrices(product);
    return variant === "f16" ? tiledOfHalves(product) : tiled(product);
  }
  return variant === "bytes" ? fewRowsOfBytes(product, rows) : fewRows(product, rows);
}

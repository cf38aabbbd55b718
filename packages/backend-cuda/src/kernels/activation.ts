import type { Activation } from "@krait/tensor";

/** The numbers of activation.cuh. */
export function activationNumber(activation: Activation | undefined): number {
  switch (activation) {
    case undefined:
      return 0;
    case "relu2":
      return 1;
    case "silu":
      return 2;
    default:
      return activation satisfies never;
  }
}

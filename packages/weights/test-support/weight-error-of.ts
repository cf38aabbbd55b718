import { WeightError } from "../src/index.ts";

/** The error that a call must reject with. */
export async function weightErrorOf(promise: Promise<unknown>): Promise<WeightError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof WeightError) return error;
    throw error;
  }
  throw new Error("A WeightError was expected, and nothing failed.");
}

import type { Extents } from "@krait/tensor";
import type { BoundLaunch } from "./bound-launch.ts";
import type { Device } from "./device/device.ts";
import { THREAD_LOCAL } from "./driver/results.ts";
import type { Grid } from "./launch.ts";

/** Captured lists of commands that a step keeps; a prompt's last chunk may have any number of rows. */
const KEPT = 64;

/**
 * The commands of a step for each bucket of extents. What is asked for again is captured as a graph, and
 * takes one launch from then on.
 */
export class CapturedSteps {
  readonly #device: Device;
  readonly #launches: readonly BoundLaunch[];
  /** By bucket, the least recently used first; undefined where it was run once and not yet captured. */
  readonly #graphs = new Map<string, bigint | undefined>();

  constructor(device: Device, launches: readonly BoundLaunch[]) {
    this.#device = device;
    this.#launches = launches;
  }

  /** How many there are. */
  get size(): number {
    return [...this.#graphs.values()].filter((graph) => graph !== undefined).length;
  }

  run(bucket: Extents): void {
    const { driver, queue } = this.#device;
    const key = Object.values(bucket).join();
    const isKnown = this.#graphs.has(key);
    const graph = this.#graphs.get(key) ?? (isKnown ? this.#capture(bucket) : undefined);
    this.#graphs.delete(key);
    this.#graphs.set(key, graph);
    this.#forgetOldest();
    queue.flush();
    if (graph === undefined) {
      queue.launches += this.#enqueue(bucket);
    } else {
      driver.call("cuGraphLaunch", graph, queue.stream);
      queue.graphLaunches++;
    }
  }

  dispose(): void {
    for (const graph of this.#graphs.values()) this.#destroy(graph);
    this.#graphs.clear();
  }

  #enqueue(bucket: Extents): number {
    let count = 0;
    for (const launch of this.#launches) {
      const grid: Grid | undefined = launch.grid(bucket);
      if (grid === undefined) continue;
      launch.enqueue(grid, bucket);
      count++;
    }
    return count;
  }

  #capture(bucket: Extents): bigint {
    const { driver, queue } = this.#device;
    queue.flush();
    driver.call("cuStreamBeginCapture_v2", queue.stream, THREAD_LOCAL);
    const out = new BigUint64Array(new ArrayBuffer(8));
    try {
      this.#enqueue(bucket);
    } catch (error) {
      // The stream must not stay in capture; what is captured is of no use, and this is the error that counts.
      driver.result("cuStreamEndCapture", queue.stream, out);
      throw error;
    }
    driver.call("cuStreamEndCapture", queue.stream, out);
    const graph = out[0]!;
    const instance = driver.handle("cuGraphInstantiateWithFlags", graph, 0n);
    driver.call("cuGraphDestroy", graph);
    return instance;
  }

  #forgetOldest(): void {
    if (this.#graphs.size <= KEPT) return;
    const [key, graph] = this.#graphs.entries().next().value!;
    this.#graphs.delete(key);
    this.#destroy(graph);
  }

  #destroy(graph: bigint | undefined): void {
    if (graph !== undefined) this.#device.driver.call("cuGraphExecDestroy", graph);
  }
}

import type { Command } from "commander";
export function addRun(_: Command): void {}

import type { Command } from "commander";
export function addChat(_: Command): void {}

import { evaluateExpression } from "./calculator.ts";
import type { ExecutableTool } from "./run-tools.ts";

/** Two tools to try tool calls with: the weather, which is invented but always the same, and a calculator. */
export function demoTools(): readonly ExecutableTool[] {
  return [weather, calculator];
}

const weather: ExecutableTool = {
  name: "get_weather",
  description: "Current weather in a city.",
  parameters: {
    type: "object",
    properties: { city: { type: "string", description: "City name" } },
    required: ["city"],
  },
  execute({ city }) {
    if (typeof city !== "string" || city.trim() === "")
      throw new Error('"city" should be the name of a city.');
    const hash = hashOf(city.trim().toLowerCase());
    const conditions = ["sunny", "cloudy", "rainy", "windy", "foggy", "snowy"];
    const condition = conditions[hash % conditions.length]!;
    const temperature = condition === "snowy" ? -(hash % 8) : 5 + (hash % 25);
    return { city: city.trim(), temperature, unit: "celsius", condition };
  },
};

const calculator: ExecutableTool = {
  name: "calculate",
  description: "Evaluates an arithmetic expression.",
  parameters: {
    type: "object",
    properties: { expression: { type: "string", description: "For example 12 * (3 + 4)" } },
    required: ["expression"],
  },
  execute({ expression }) {
    if (typeof expression !== "string") throw new Error('"expression" should be text such as "2 + 3".');
    return { result: evaluateExpression(expression) };
  },
};

/** FNV-1a, 32 bits. Fowler, Noll & Vo. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

import type { ToolSource } from "./tool-source.ts";

/** Two tools to begin with, which the embedded model knows how to call. The weather is invented. */
export const defaultTools: readonly ToolSource[] = [
  {
    id: "get_weather",
    name: "get_weather",
    description: "Current weather in a city.",
    parameters: schemaOf("city", "City name"),
    code: `// Invented, but the same for a city each time.
const letters = [...args.city.trim().toLowerCase()];
const hash = letters.reduce((sum, letter) => (sum * 31 + letter.codePointAt(0)) % 9973, 7);
const conditions = ["sunny", "cloudy", "rainy", "windy", "foggy", "snowy"];
const condition = conditions[hash % conditions.length];
const temperature = condition === "snowy" ? -(hash % 8) : 5 + (hash % 25);
return { city: args.city.trim(), temperature, unit: "celsius", condition };`,
    enabled: true,
  },
  {
    id: "calculate",
    name: "calculate",
    description: "Evaluates an arithmetic expression.",
    parameters: schemaOf("expression", "For example 12 * (3 + 4)"),
    code: `const expression = args.expression.replaceAll("×", "*").replaceAll("÷", "/").replaceAll("^", "**");
if (!/^[\\d\\s.+*/%()e-]*$/i.test(expression)) throw new Error("Only numbers and + - * / % ^ ( ) please.");
return { result: new Function("return (" + expression + ")")() };`,
    enabled: true,
  },
];

function schemaOf(name: string, description: string): string {
  const schema = {
    type: "object",
    properties: { [name]: { type: "string", description } },
    required: [name],
  };
  return JSON.stringify(schema, null, 2);
}

import { demoTools } from "krait";
import { describe, expect, test } from "vitest";
import { defaultTools } from "./default-tools.ts";
import { executableTools } from "./executable-tools.ts";
import { toolProblem } from "./tool-source.ts";

/** As the sandbox runs it, in the open: this code is our own. */
const run = (code: string, args: unknown): unknown => new Function("args", code)(args);
const [weather, calculator] = executableTools(defaultTools, async (code, args) => run(code, args));
const context = { signal: undefined };

describe("the tools to begin with", () => {
  test("are declared as the embedded model was trained to call them", () => {
    const declared = ({ name, description, parameters }: (typeof tools)[number]) => ({
      name,
      description,
      parameters,
    });
    const tools = [weather!, calculator!];
    expect(tools.map(declared)).toEqual(demoTools().map(declared));
  });

  test("calculate what is arithmetic and nothing else", async () => {
    expect(await calculator!.execute({ expression: "12 × (3 + 4)" }, context)).toEqual({ result: 84 });
    expect(await calculator!.execute({ expression: "2 ^ 10 - 1" }, context)).toEqual({ result: 1023 });
    await expect(calculator!.execute({ expression: "fetch('/')" }, context)).rejects.toThrow("Only numbers");
  });

  test("give a city the same weather each time, whatever its letter case", async () => {
    const oslo = await weather!.execute({ city: "Oslo" }, context);
    expect(await weather!.execute({ city: " Oslo " }, context)).toEqual(oslo);
    expect(oslo).toMatchObject({ city: "Oslo", unit: "celsius" });
  });
});

describe("a tool", () => {
  const tool = { ...defaultTools[0]!, id: "mine", name: "mine" };

  test.each([
    [{ name: "my tool" }, "letters, digits"],
    [{ name: "calculate" }, 'Another tool is called "calculate"'],
    [{ parameters: "{" }, "not JSON"],
    [{ parameters: "[]" }, "an object"],
  ])("%j is refused with what to mend, and the model is not told of it", (change, problem) => {
    const changed = { ...tool, ...change };
    expect(toolProblem(changed, [...defaultTools, changed])).toContain(problem);
    expect(executableTools([...defaultTools, changed]).map(({ name }) => name)).not.toContain("mine");
  });

  test("that is whole is one that the model is told of, unless it is switched off", () => {
    expect(toolProblem(tool, [...defaultTools, tool])).toBeUndefined();
    expect(executableTools([tool])).toHaveLength(1);
    expect(executableTools([{ ...tool, enabled: false }])).toEqual([]);
  });
});

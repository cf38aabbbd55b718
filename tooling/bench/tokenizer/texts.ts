import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

const root: string = join(import.meta.dirname, "../../..");
const skipped = /^(node_modules|dist|fixtures|results|\..*)$/;

/** What people and programs write, from this repository, and what nobody writes: a word without an end. */
export async function benchTexts(): Promise<Record<string, string>> {
  const english = await filesOf(root, /\.md$/);
  const code = await filesOf(join(root, "packages"), /\.tsx?$/);
  const results = JSON.parse(
    `[${(await filesIn(join(import.meta.dirname, "../results"), /\.json$/)).join()}]`,
  );
  return {
    english: english.replace(/```.*?```/gs, ""),
    // Without data that stands in sources as text.
    code: code.replace(/^.{200,}\n/gm, ""),
    json: JSON.stringify(results),
    chinese: chinese(200_000),
    "one word": "a".repeat(100_000),
  };
}

async function filesOf(folder: string, name: RegExp): Promise<string> {
  return (await filesIn(folder, name)).join("\n");
}

async function filesIn(folder: string, name: RegExp): Promise<string[]> {
  const texts: string[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (skipped.test(entry.name) && folder !== join(import.meta.dirname, "../results")) continue;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) texts.push(...(await filesIn(path, name)));
    else if (name.test(entry.name)) texts.push(await readFile(path, "utf8"));
  }
  return texts;
}

/** Sentences of the commoner characters, drawn so that few come often, as in Chinese texts. */
function chinese(characters: number): string {
  let state = 1;
  const draw = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) ** 3 * below);
  };
  let text = "";
  while (text.length < characters) {
    for (let left = 4 + draw(20); left > 0; left--) text += String.fromCharCode(0x4e00 + draw(3000));
    text += "，";
  }
  return text;
}

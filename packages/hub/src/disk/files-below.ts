import { ifThere } from "./disk-error.ts";
import { nodeModules } from "./node.ts";

/** The names of all files below a folder, links among them, with `/` between folders; none where there is no folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const { fs, path } = nodeModules();
  const entries = (await ifThere(fs.readdir(folder, { withFileTypes: true }))) ?? [];
  const names = entries.map(async (entry) => {
    if (!entry.isDirectory()) return [entry.name];
    const below = await filesBelow(path.join(folder, entry.name));
    return below.map((name) => `${entry.name}/${name}`);
  });
  return (await Promise.all(names)).flat().sort();
}

import { publicPackages, root } from "../repository/workspace.ts";
import { runProgram } from "./run-program.ts";

/** Packs every public package as `npm publish` would, and gives the path of each one's tarball by its name. */
export async function packPublicPackages(folder: string): Promise<ReadonlyMap<string, string>> {
  const filters = publicPackages().map(({ name }) => `--filter=${name}`);
  const json = await runProgram(
    "pnpm",
    ["--recursive", ...filters, "pack", "--json", "--pack-destination", folder],
    root,
  );
  const packed: { name: string; filename: string }[] = JSON.parse(json);
  return new Map(packed.map(({ name, filename }) => [name, filename]));
}

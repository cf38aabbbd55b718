import { join } from "node:path";
import ts from "typescript";
import { root, type WorkspacePackage } from "../repository/workspace.ts";

/** What TypeScript says of the declarations of these packages in a project that checks those of libraries, too. */
export function problemsOfDeclarations(packages: readonly WorkspacePackage[]): string[] {
  const program = ts.createProgram(
    packages.map(({ folder, manifest }) => {
      const entry = manifest.exports?.["."] as { readonly types: string };
      return join(root, folder, entry.types);
    }),
    {
      module: ts.ModuleKind.NodeNext,
      target: ts.ScriptTarget.ES2022,
      lib: ["lib.es2022.d.ts", "lib.esnext.disposable.d.ts", "lib.dom.d.ts"],
      types: [],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
    },
  );
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";

/**
 * Writes one declaration file for each source file, without type checking: `isolatedDeclarations`
 * makes every export say its type, so that a file's declarations follow from its text alone. That
 * takes a few milliseconds a file, where bundling declarations with the checker takes over a second
 * a package.
 *
 * Relative specifiers end in `.ts` in sources and in `.js` here, which every resolver understands.
 */
export function writeDeclarations(sourceFolder: string, targetFolder: string): void {
  for (const path of readdirSync(sourceFolder, { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".ts") || path.endsWith(".test.ts")) continue;
    const source = readFileSync(join(sourceFolder, path), "utf8");
    const target = join(targetFolder, path.replace(/(\.d)?\.ts$/, ".d.ts"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, path.endsWith(".d.ts") ? source : declarationsOf(path, source));
  }
}

/** @throws {SyntaxError} where an export lacks the type that its declaration needs. */
export function declarationsOf(fileName: string, source: string): string {
  const { outputText, diagnostics = [] } = ts.transpileDeclaration(source, {
    fileName,
    reportDiagnostics: true,
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      isolatedDeclarations: true,
      verbatimModuleSyntax: true,
      stripInternal: true,
    },
  });
  const [problem] = diagnostics;
  if (problem !== undefined) {
    throw new SyntaxError(`${fileName}: ${ts.flattenDiagnosticMessageText(problem.messageText, "\n")}`);
  }
  return outputText.replace(/((?:from|import\()\s*["']\.{1,2}\/[^"']*)\.ts(["'])/g, "$1.js$2");
}

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
  return withoutRepeatedMethods(outputText).replace(
    /((?:from|import\()\s*["']\.{1,2}\/[^"']*)\.ts(["'])/g,
    "$1.js$2",
  );
}

/**
 * TypeScript 6.0.3 declares a method with a computed name, such as `[Symbol.dispose]`, twice when it knows no other
 * file: as a property and as the method that it is. Users who check declarations are told of it.
 */
function withoutRepeatedMethods(declarations: string): string {
  const file = ts.createSourceFile("a.d.ts", declarations, ts.ScriptTarget.ES2022);
  const repeated = file.statements.filter(ts.isClassDeclaration).flatMap(({ members }) => {
    const methods = new Set(members.filter(ts.isMethodDeclaration).map(({ name }) => name.getText(file)));
    return members.filter(
      (member) => ts.isPropertyDeclaration(member) && methods.has(member.name.getText(file)),
    );
  });
  return repeated.reduceRight((text, { pos, end }) => text.slice(0, pos) + text.slice(end), declarations);
}

import ts from "typescript";

export interface ImportStatement {
  /** What stands between the quotes. */
  readonly specifier: string;
  /** `type` imports are erased, and `dynamic` ones load when they are reached. */
  readonly kind: "static" | "dynamic" | "type";
}

/** Every import, re-export and `import()` of a TypeScript or JavaScript file. */
export function importsOf(fileName: string, source: string): ImportStatement[] {
  const found: ImportStatement[] = [];
  const visit = (node: ts.Node): void => {
    const statement = importOf(node);
    if (statement !== undefined) found.push(statement);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(fileName, source, ts.ScriptTarget.Latest));
  return found;
}

function importOf(node: ts.Node): ImportStatement | undefined {
  if (ts.isImportDeclaration(node)) return named(node.moduleSpecifier, isErasedImport(node.importClause));
  if (ts.isExportDeclaration(node)) return named(node.moduleSpecifier, isErasedExport(node));
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument))
    return named(node.argument.literal, true);
  if (!ts.isCallExpression(node) || node.expression.kind !== ts.SyntaxKind.ImportKeyword) return undefined;
  const [specifier] = node.arguments;
  return specifier !== undefined && ts.isStringLiteralLike(specifier)
    ? { specifier: specifier.text, kind: "dynamic" }
    : undefined;
}

function named(specifier: ts.Node | undefined, erased: boolean): ImportStatement | undefined {
  if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return undefined;
  return { specifier: specifier.text, kind: erased ? "type" : "static" };
}

function isErasedImport(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.isTypeOnly) return true;
  const { name, namedBindings } = clause;
  return name === undefined && namedBindings !== undefined && ts.isNamedImports(namedBindings)
    ? namedBindings.elements.every((element) => element.isTypeOnly)
    : false;
}

function isErasedExport({ isTypeOnly, exportClause }: ts.ExportDeclaration): boolean {
  if (isTypeOnly) return true;
  return exportClause !== undefined && ts.isNamedExports(exportClause)
    ? exportClause.elements.every((element) => element.isTypeOnly)
    : false;
}

// The functions of a TypeScript or JavaScript file.
import ts from 'typescript';

const isFunction = (node) =>
  (ts.isFunctionLike(node) && node.body !== undefined) || ts.isClassStaticBlockDeclaration(node);

function nameOf(node, file) {
  if (node.name !== undefined) return node.name.getText(file);
  const { parent } = node;
  if (ts.isVariableDeclaration(parent) || ts.isPropertyAssignment(parent)) {
    return parent.name.getText(file);
  }
  return ts.isConstructorDeclaration(node) ? 'constructor' : '(function)';
}

/** The functions of `text`: a list of `{ name, line, length }`, lengths in lines. */
export function typescriptFunctions(text) {
  const file = ts.createSourceFile('x.ts', text, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (isFunction(node)) {
      const first = file.getLineAndCharacterOfPosition(node.getStart(file)).line;
      const last = file.getLineAndCharacterOfPosition(node.getEnd()).line;
      found.push({ name: nameOf(node, file), line: first + 1, length: last - first + 1 });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

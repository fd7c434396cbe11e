import { parseSync } from 'oxc-parser';

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** What the budgets look at in one file: its lines, its functions and its exported functions and classes. */
export function measure(file, text) {
  const { program, comments, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const lineAt = lineIndex(text);
  const functions = [];
  visit(program, undefined, (node, parent) => {
    if (!FUNCTIONS.has(node.type) || !node.body) return;
    functions.push({ name: nameOf(node, parent), line: lineAt(node.start), lines: lineAt(node.end) - lineAt(node.start) + 1 });
  });
  return { lines: text.split('\n').length - (text.endsWith('\n') ? 1 : 0), functions, exports: exportsOf(program, comments, text) };
}

/** Exported functions and classes, each with whether a doc comment stands before it. */
function exportsOf(program, comments, text) {
  const documented = new Map();
  for (const node of program.body) {
    if (node.type !== 'ExportNamedDeclaration' || !node.declaration) continue;
    for (const name of contractNames(node.declaration)) {
      documented.set(name, documented.get(name) || hasDoc(node, comments, text));
    }
  }
  return [...documented].map(([name, isDocumented]) => ({ name, isDocumented }));
}

function contractNames(declaration) {
  if (['FunctionDeclaration', 'TSDeclareFunction', 'ClassDeclaration'].includes(declaration.type)) return [declaration.id.name];
  if (declaration.type !== 'VariableDeclaration') return [];
  return declaration.declarations.filter(({ init }) => init && FUNCTIONS.has(init.type)).map(({ id }) => id.name);
}

/** Only white space and decorators may stand between a doc comment and what it documents. */
function hasDoc(node, comments, text) {
  return comments.some((comment) => {
    if (comment.type !== 'Block' || !comment.value.startsWith('*') || comment.end > node.start) return false;
    const between = text.slice(comment.end, node.start).trim();
    return between === '' || (between.startsWith('@') && !/;|^export /m.test(between));
  });
}

function nameOf(node, parent) {
  if (node.id) return node.id.name;
  const key = parent?.key ?? parent?.id;
  return key?.name ?? key?.value ?? 'anonymous';
}

function visit(node, parent, enter) {
  if (Array.isArray(node)) {
    for (const item of node) visit(item, parent, enter);
    return;
  }
  if (typeof node !== 'object' || node === null || typeof node.type !== 'string') return;
  enter(node, parent);
  for (const value of Object.values(node)) if (typeof value === 'object') visit(value, node, enter);
}

/** Maps an offset to its line, counted from 1. */
function lineIndex(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  };
}

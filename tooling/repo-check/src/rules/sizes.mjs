import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeFiles, isTest } from '../files.mjs';
import { measure } from '../measure.mjs';

const FILE_LINES_MAX = 400;
const FILE_LINES_P90 = 250;
const FUNCTION_LINES_MAX = 80;
const FUNCTION_LINES_LONG = 50;
const LONG_FUNCTIONS_SHARE_MAX = 0.03;

const FOLDERS = ['apps', 'packages', 'tooling', 'test-e2e', 'bench'];

/** Size budgets. `size-exceptions.json` maps a file, or `file#function`, to the reason it may be larger. */
export function checkSizes(root) {
  const exceptions = readExceptions(root);
  const measured = codeFiles(root, FOLDERS).map((file) => ({ file, ...measure(file, readFileSync(join(root, file), 'utf8')) }));
  const over = [...filesOver(measured), ...functionsOver(measured)];
  return [
    ...over.filter(({ key }) => !Object.hasOwn(exceptions, key)).map(({ message }) => message),
    ...wholeOver(measured),
    ...exceptionFaults(exceptions, over),
  ];
}

function filesOver(measured) {
  const over = measured.filter(({ lines }) => lines > FILE_LINES_MAX);
  return over.map(({ file, lines }) => ({ key: file, message: `${file}: ${lines} lines, at most ${FILE_LINES_MAX}` }));
}

function functionsOver(measured) {
  return production(measured).flatMap(({ file, functions }) =>
    functions
      .filter(({ lines }) => lines > FUNCTION_LINES_MAX)
      .map(({ name, line, lines }) => ({
        key: `${file}#${name}`,
        message: `${file}:${line}: ${name} has ${lines} lines, at most ${FUNCTION_LINES_MAX}`,
      })),
  );
}

function wholeOver(measured) {
  const sizes = production(measured).map(({ lines }) => lines);
  const functions = production(measured).flatMap((file) => file.functions);
  const p90 = sizes.sort((a, b) => a - b)[Math.floor(sizes.length * 0.9)] ?? 0;
  const long = functions.filter(({ lines }) => lines > FUNCTION_LINES_LONG).length;
  const faults = [];
  if (p90 > FILE_LINES_P90) faults.push(`nine of ten files have at most ${p90} lines, wanted ${FILE_LINES_P90}`);
  if (long > functions.length * LONG_FUNCTIONS_SHARE_MAX) {
    faults.push(`${long} of ${functions.length} functions have more than ${FUNCTION_LINES_LONG} lines, at most 3 %`);
  }
  return faults;
}

/** An exception needs a reason, and goes when it is no longer needed. */
function exceptionFaults(exceptions, over) {
  return Object.entries(exceptions).flatMap(([key, reason]) => {
    if (!over.some((fault) => fault.key === key)) return [`size-exceptions.json: ${key} is not over its budget any more`];
    return String(reason).length < 20 ? [`size-exceptions.json: ${key} needs a reason`] : [];
  });
}

function readExceptions(root) {
  const file = join(root, 'tooling/repo-check/size-exceptions.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

/** A function that holds tests may be long: in test files, and in the suites of `packages/testing`. */
function production(measured) {
  return measured.filter(({ file }) => !isTest(file) && !file.startsWith('packages/testing/'));
}

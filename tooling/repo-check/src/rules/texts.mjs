import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeFiles, committedFiles } from '../files.mjs';
import { readWorkspace } from '../workspace.mjs';

// Written in two parts, so that this file is not its own finding.
const UNFINISHED = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
const MACHINE_PATH = new RegExp(`(^|[\\s"'\`(=:])/(${['work', 'root'].join('|')})/[\\w.-]`);
const REGISTRY_HOST = /https?:\/\/[^\s"'`)]*\b(registry|artifactory|nexus|pypi|goproxy|mirrors?)\b|^\s*(@[\w-]+:)?registry\s*=/m;
const BYTES_MAX = 2_000_000;

/** Sources are finished: no markers of things to be done. */
export function checkNoMarkers(root) {
  return lines(root, codeFiles(root, ['apps', 'packages', 'tooling', 'test-e2e', 'bench']), {
    pattern: UNFINISHED,
    what: 'says that something is unfinished',
  });
}

/** Nothing committed names this or any other machine's directories. */
export function checkNoMachinePaths(root) {
  return lines(root, textFiles(root), { pattern: MACHINE_PATH, what: 'names a directory of one machine' });
}

/** Nothing committed names where packages are fetched from: that is the user's configuration. */
export function checkNoRegistryHosts(root) {
  return lines(root, textFiles(root), { pattern: REGISTRY_HOST, what: 'names a package registry' });
}

const OWN_CLOCK = /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/;
/** Where the port to the real clock is. */
const CLOCK_HOME = 'packages/core/src/runner.ts';

/** Domain packages are given the time. */
export function checkNoClockInDomain(root) {
  const domain = readWorkspace(root).filter(({ role }) => role === 'domain');
  const files = codeFiles(
    root,
    domain.map(({ dir }) => `${dir}/src`),
  ).filter((file) => file !== CLOCK_HOME && !file.endsWith('.test.ts'));
  return lines(root, files, { pattern: OWN_CLOCK, what: 'reads a clock of its own' });
}

function textFiles(root) {
  const committed = committedFiles(root).filter((file) => !file.startsWith('tooling/repo-check/test/'));
  return committed.filter((file) => !/\.(gz|png|jpg|binpb|wasm)$/.test(file) && statSync(join(root, file)).size < BYTES_MAX);
}

function lines(root, files, { pattern, what }) {
  return files.flatMap((file) =>
    readFileSync(join(root, file), 'utf8')
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${file}:${i + 1}: ${what}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

// Generates src/gen from ../../proto and the Envoy API image; does nothing when it is up to date.
// Needs the buf and protoc-gen-es binaries of this package, and no network.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { stripOptions } from './strip-options.mjs';

const packageDir = fileURLToPath(new URL('..', import.meta.url));
const protoDir = join(packageDir, '../../proto');
const toolingDir = join(packageDir, '../../tooling/proto');
const stubsDir = join(toolingDir, 'stubs');
const imagePath = join(toolingDir, 'envoy.binpb.gz');
const outDir = join(packageDir, 'src/gen');
const stampPath = join(outDir, '.stamp');

/** All files below a directory, relative to it, sorted. */
function filesBelow(dir) {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(dir, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}

function hashInputs() {
  const hash = createHash('sha256');
  const add = (path) => hash.update(path.slice(packageDir.length)).update('\0').update(readFileSync(path)).update('\0');
  for (const dir of [protoDir, stubsDir, join(packageDir, 'scripts')]) for (const name of filesBelow(dir)) add(join(dir, name));
  add(imagePath);
  add(join(packageDir, 'node_modules/@bufbuild/protoc-gen-es/package.json'));
  return hash.digest('hex');
}

function run(command, args, input) {
  const result = spawnSync(join(packageDir, 'node_modules/.bin', command), args, { input, maxBuffer: 1 << 28 });
  if (result.error) throw result.error;
  if (result.status !== 0) throw new Error(`${command} failed:\n${result.stderr}`);
  return result.stdout;
}

/** Descriptors of our own files, of the stubs and of google/protobuf/*, each after its imports. */
function compileOwnFiles() {
  const dir = mkdtempSync(join(tmpdir(), 'mesh-proto-'));
  try {
    cpSync(protoDir, dir, { recursive: true });
    cpSync(stubsDir, dir, { recursive: true });
    return fromBinary(FileDescriptorSetSchema, run('buf', ['build', dir, '--as-file-descriptor-set', '-o', '-#format=binpb'])).file;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** One set of everything, with the real Envoy files in the place of the stubs, each file after its imports. */
function mergeFiles() {
  const byName = new Map(compileOwnFiles().map((file) => [file.name, file]));
  for (const name of filesBelow(stubsDir)) byName.delete(name);
  const image = fromBinary(FileDescriptorSetSchema, gunzipSync(readFileSync(imagePath)));
  for (const file of stripOptions(image.file)) byName.set(file.name, file);

  const ordered = new Set();
  const visit = (name) => {
    const file = byName.get(name);
    if (!file) throw new Error(`${name} is imported but neither in proto/ nor in the Envoy image`);
    if (ordered.has(file)) return;
    for (const dependency of file.dependency) visit(dependency);
    ordered.add(file);
  };
  for (const name of [...byName.keys()].sort()) visit(name);
  return [...ordered];
}

function generateModules(files) {
  const request = create(CodeGeneratorRequestSchema, {
    fileToGenerate: files.map((file) => file.name).filter((name) => !name.startsWith('google/protobuf/')),
    parameter: 'target=ts,import_extension=js',
    protoFile: files,
  });
  const response = fromBinary(CodeGeneratorResponseSchema, run('protoc-gen-es', [], toBinary(CodeGeneratorRequestSchema, request)));
  if (response.error) throw new Error(response.error);
  const modules = new Map(response.file.map((file) => [file.name, file.content]));
  modules.set(
    'kuma-files.ts',
    fileList('kumaFiles', files, (name) => name.startsWith('kuma/') && !name.startsWith('kuma/internal/')),
  );
  modules.set(
    'envoy-files.ts',
    fileList('envoyFiles', files, (name) => !name.startsWith('kuma/') && !name.startsWith('google/protobuf/')),
  );
  return modules;
}

/** A module that exports the descriptors of many files as one list, for a registry. */
function fileList(exportName, files, include) {
  const names = files.map((file) => file.name).filter(include);
  const lines = names.map((name) => {
    const path = name.replace(/\.proto$/, '');
    return { local: `file_${path.replaceAll(/[^A-Za-z0-9]/g, '_')}`, from: `./${path}_pb.js` };
  });
  const imports = lines.map(({ local, from }) => `import { ${local} } from '${from}';`);
  return `${imports.join('\n')}\n\nexport const ${exportName} = [\n${lines.map(({ local }) => `  ${local},`).join('\n')}\n];\n`;
}

/** Writes what differs and removes what is left over; a reader never sees half a file. */
function writeModules(modules) {
  for (const [name, content] of modules) {
    const path = join(outDir, name);
    if (existsSync(path) && readFileSync(path, 'utf8') === content) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.${process.pid}`, content);
    renameSync(`${path}.${process.pid}`, path);
  }
  for (const name of filesBelow(outDir)) if (!modules.has(name) && name.endsWith('.ts')) rmSync(join(outDir, name));
}

const stamp = hashInputs();
if (!existsSync(stampPath) || readFileSync(stampPath, 'utf8') !== stamp) {
  const started = Date.now();
  const modules = generateModules(mergeFiles());
  mkdirSync(outDir, { recursive: true });
  writeModules(modules);
  writeFileSync(stampPath, stamp);
  console.log(`generated ${modules.size} modules in ${Date.now() - started} ms`);
}

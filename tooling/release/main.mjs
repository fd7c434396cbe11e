#!/usr/bin/env node
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { billOfMaterials, licenceFaults, licenceReport } from './src/materials.mjs';
import { PLATFORMS, packageFor, writeSums } from './src/package.mjs';

const USAGE = `usage: npm run sbom -- [--out DIR]     the bill of materials and the report of licences
       npm run package -- [--platform NAME]... [--envoy PATH] [--out DIR]
                                       an archive per platform of the built commands, with Envoy: ${Object.keys(PLATFORMS).join(', ')}

Both write to out/ unless told otherwise.
`;

const root = resolve(import.meta.dirname, '../..');

async function main() {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: {
      out: { type: 'string', default: join(root, 'out') },
      platform: { type: 'string', multiple: true, default: Object.keys(PLATFORMS) },
      envoy: { type: 'string' },
    },
  });
  const out = resolve(values.out);
  mkdirSync(out, { recursive: true });
  if (positionals[0] === 'sbom') return sbom(out);
  if (positionals[0] === 'package') return packages(out, values);
  process.stderr.write(USAGE);
  return 2;
}

/** Archives of all the platforms, and their sums. */
async function packages(out, { platform: platforms, envoy }) {
  const unknown = platforms.find((platform) => !Object.hasOwn(PLATFORMS, platform));
  if (unknown) throw new Error(`there is no package for ${unknown}; platforms are ${Object.keys(PLATFORMS).join(', ')}`);
  if (envoy && platforms.length > 1) throw new Error('--envoy is a binary of one platform: name it with --platform');
  const bom = billOfMaterials(root);
  const files = [];
  for (const platform of platforms) {
    const file = await packageFor(platform, { root, out, bom, envoy });
    process.stdout.write(`${file} ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
    files.push(file);
  }
  writeSums(out, files);
  return 0;
}

/** Writes both files; ends with 1 where a licence does not allow what we do with a library. */
function sbom(out) {
  const bom = billOfMaterials(root);
  write(join(out, 'sbom.cdx.json'), `${JSON.stringify(bom, null, 2)}\n`);
  write(join(out, 'licences.md'), licenceReport(bom));
  const faults = licenceFaults(bom);
  for (const fault of faults) process.stderr.write(`${fault}: not a licence that tooling/release/src/materials.mjs allows\n`);
  return faults.length === 0 ? 0 : 1;
}

function write(path, text) {
  writeFileSync(path, text);
  process.stdout.write(`${path}\n`);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

// Writes src/gen/api.ts: the types of every path of the API, from the OpenAPI document of all kinds there are.
// Needs the built packages, and no network; does nothing when the document is the same.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DescriptorRegistry } from '@mesh/core';
import { describeApi } from '@mesh/http-api';
import { policyKinds } from '@mesh/policies';
import { coreKinds } from '@mesh/resources';
import { loadConfig } from '@mesh/runtime';
import openapiTS, { astToString } from 'openapi-typescript';

const file = fileURLToPath(new URL('../src/gen/api.ts', import.meta.url));
const registry = new DescriptorRegistry([...coreKinds, ...policyKinds]);
const { config } = loadConfig({ env: { KUMA_MODE: 'global' } });
const types = astToString(await openapiTS(describeApi({ registry, config }), { alphabetize: false }));
const text = `// Generated from the OpenAPI document; never edited by hand.\n${types}`;

if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

import { describeApi } from '@mesh/http-api';
import { loadConfig } from '@mesh/runtime';
import { describe, expect, it } from 'vitest';
import { registry } from '../kinds.js';
import { crossMeshPath, itemPath, listPath, pathOf, policyDataplanesPath, policyResourcesPath } from './paths.js';

const { paths } = describeApi({ registry, config: loadConfig({ env: {} }).config }) as { paths: Readonly<Record<string, object>> };
const withCommands = registry.all.filter(({ cli, path }) => cli && path !== undefined);

describe('the paths of kinds', () => {
  it('are in the OpenAPI document, for every kind there are commands for', () => {
    const asked = withCommands.flatMap((kind) => [listPath(kind), crossMeshPath(kind), itemPath(kind)]);
    const ofPolicies = withCommands
      .filter(({ policy }) => policy?.inspectable)
      .flatMap((kind) => [policyResourcesPath(kind), policyDataplanesPath(kind)]);
    expect([...asked, ...ofPolicies].filter((path) => !(path in paths))).toEqual([]);
    expect(asked.length).toBeGreaterThan(100);
  });

  it('take no part that would lead elsewhere', () => {
    for (const name of ['', '.', '..']) expect(() => pathOf({ mesh: 'default', name })).toThrow(`"${name}" is no name`);
    expect(pathOf({ name: 'a/b' })).toEqual({ name: 'a/b' });
  });
});

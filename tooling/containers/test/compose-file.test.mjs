import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { findOnPath, root } from '../../provision/lib/paths.mjs';

const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true, maxAliasCount: -1 });
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8');
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);

test.skipIf(!findOnPath('docker-compose'))('docker-compose takes the file', () => {
  const { status, stderr } = spawnSync('docker-compose', ['config', '--quiet'], { cwd: root, encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

describe('the compose file', () => {
  test.each(ours)('%s gains no right and writes to no image', (_, service) => {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
    expect(service.privileged ?? service.user).toBeUndefined();
  });

  test.each(services.filter(([name]) => /-(cp|api|dns|ingress-manager|ingress|egress|sidecar)$/.test(name)))(
    '%s waits for what it needs to be well',
    (_, service) => {
      const conditions = Object.values(service.depends_on).map(({ condition }) => condition);
      expect(conditions).toContain('service_healthy');
    },
  );

  test('lets only ingresses and egresses into the network between zones, and only the global into those of both', () => {
    const members = (network) => services.filter(([, { networks = [] }]) => Object.hasOwn(named(networks), network)).map(([name]) => name);
    expect(members('between')).toEqual(['zone-1-ingress', 'zone-1-egress', 'zone-2-ingress', 'zone-2-egress']);
    expect(members('zone-1').filter((name) => members('zone-2').includes(name))).toEqual(['global-cp', 'prometheus']);
  });

  test('publishes ports on this machine only', () => {
    for (const [, { ports = [] }] of services) for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  test('holds no secret: passwords, keys and tokens are files of volumes', () => {
    const variables = services.flatMap(([, { environment = {} }]) => Object.entries(environment));
    const secrets = variables.filter(([name, value]) => /(PASSWORD|TOKEN|KEY|SECRET)$/.test(name) && value !== 'false');
    expect(secrets).toEqual([]);
  });
});

test.each(['global-cp', 'zone-cp', 'ingress-manager', 'dns-resolver', 'api-gateway', 'kuma-cp'])(
  'the image of %s runs with the options of bin/',
  (name) => {
    const [first] = readFileSync(join(root, 'bin', name), 'utf8').split('\n');
    const options = first.replace('#!/usr/bin/env -S node ', '').split(' ');
    expect(dockerfile).toContain(`ENTRYPOINT ${JSON.stringify(['node', ...options, `/mesh/bin/${name}`]).replaceAll('","', '", "')}`);
  },
);

test('no bundle holds native code: they are made once for all platforms', () => {
  const apps = readdirSync(join(root, 'apps'));
  const files = apps.flatMap((app) => filesBelow(join(root, 'apps', app, 'dist')));
  expect(files.length).toBeGreaterThan(apps.length);
  // What Linux, macOS and Windows load as code begins like this.
  const native = files.filter((file) => /^(\x7fELF|\xcf\xfa\xed\xfe|MZ)/.test(readFileSync(file).subarray(0, 4).toString('latin1')));
  expect(native).toEqual([]);
});

test('what runs while images are built asks for nothing of another platform', () => {
  const stages = [...dockerfile.matchAll(/^FROM (.*)$/gm)].map(([, stage]) => stage);
  expect(stages.filter((stage) => stage.includes('--platform'))).toEqual([
    expect.stringMatching(/^--platform=\$BUILDPLATFORM .* AS build$/),
  ]);
  expect(dockerfile).not.toMatch(/amd64|x86_64|arm64|aarch64/);
});

function filesBelow(dir) {
  const entries = readdirSync(dir, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function named(networks) {
  return Array.isArray(networks) ? Object.fromEntries(networks.map((name) => [name, {}])) : networks;
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MeshError } from '@mesh/core';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type AssignmentSet, parseAddress, parseAnswer } from './client.js';
import { toTargetGroups } from './file-sd.js';
import { follow } from './follow.js';

const directory = mkdtempSync(join(tmpdir(), 'mesh-file-sd-'));
const file = join(directory, 'below', 'kuma.file_sd.json');
const stop = new AbortController();
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function answer(version: string, name: string): AssignmentSet {
  const target = { name, address: '192.168.0.1:5670' };
  return parseAnswer(JSON.stringify({ version_info: version, resources: [{ mesh: 'default', service: 'web', targets: [target] }] }));
}

describe('kuma-prometheus-sd', () => {
  it('asks with the version it has, writes what comes, and keeps the file while the control plane is away', async () => {
    const asked: (string | undefined)[] = [];
    const written: string[] = [];
    const script = [answer('1', 'web-1'), undefined, new MeshError('unavailable', { public: 'gone' }), answer('2', 'web-2')];
    const fetch = async (version: string | undefined) => {
      asked.push(version);
      if (asked.length > 1) written.push(JSON.parse(readFileSync(file, 'utf8'))[0].labels.instance);
      const next = script[asked.length - 1];
      if (next instanceof Error) throw next;
      if (asked.length > script.length) stop.abort();
      return next;
    };
    await follow({ client: { fetch }, file, log: () => {}, signal: stop.signal });
    expect(asked).toEqual([undefined, '1', '1', '1', '2']);
    expect(written).toEqual(['web-1', 'web-1', 'web-1', 'web-2']);
  });

  it('gives a target the labels of its proxy, and its own where they contradict', () => {
    const labels = { version: 'v1', mesh: 'forged' };
    const assignment = {
      mesh: 'default',
      service: 'web',
      targets: [{ name: 'web-1', scheme: 'https', address: 'a:1', metrics_path: '/m', labels }],
    };
    expect(toTargetGroups([assignment])).toEqual([
      {
        targets: ['a:1'],
        labels: {
          ...{ version: 'v1', mesh: 'default', service: 'web', dataplane: 'web-1', job: 'web', instance: 'web-1' },
          ...{ __scheme__: 'https', __metrics_path__: '/m' },
        },
      },
    ]);
  });

  it('takes addresses with http, https and the grpc of old', () => {
    expect(parseAddress('grpc://cp:5676').href).toBe('http://cp:5676/');
    expect(parseAddress('https://cp:5676').protocol).toBe('https:');
    expect(() => parseAddress('cp:5676')).toThrow(/--cp-address/);
  });

  it('refuses any answer that is none without another error', () => {
    const parse = (body: string) => {
      try {
        return parseAnswer(body).assignments.length >= 0;
      } catch (error) {
        return MeshError.is(error, 'unavailable');
      }
    };
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((o) => JSON.stringify({ version_info: '1', resources: [o] })),
        ),
        parse,
      ),
    );
  });
});

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { type RunningControlPlane, startControlPlane } from './control-plane.js';
import { Shell } from './shell.js';

interface Exported {
  readonly type: string;
  readonly kind?: string;
  readonly name: string;
  readonly mesh?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly kri?: string;
  readonly creationTime?: string;
  readonly modificationTime?: string;
}

let shell: Shell;
let controlPlane: RunningControlPlane;
beforeAll(async () => {
  shell = await Shell.open();
  copyFileSync(join(import.meta.dirname, 'transcripts/resources.yaml'), join(shell.home, 'resources.yaml'));
});
afterAll(() => shell.close());

/** Runs a command that must succeed. */
async function run(command: string): Promise<string> {
  const { out, err, code } = await shell.run(command);
  expect(code, `${command}\n${out}${err}`).toBe(0);
  return out;
}

function documentsOf(text: string): Exported[] {
  const documents = parseAllDocuments(text);
  return (Array.isArray(documents) ? documents : []).map((document) => document.toJS() as Exported);
}

/** Labels that a control plane puts on what users write; its own resources have none of them. */
const COMPUTED = /^kuma\.io\/(env|mesh|origin|zone)$/;

/** What an export says, without what each control plane adds itself: times, and labels that tell where a resource is from. */
async function exported(flags: string): Promise<Exported[]> {
  const documents = documentsOf(await run(`kumactl export ${flags}`));
  return documents.map(({ creationTime: _created, modificationTime: _modified, kri: _kri, labels = {}, ...rest }) => ({
    ...rest,
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => !COMPUTED.test(key))),
  }));
}

const kindsOf = (documents: readonly Exported[]): Set<string> => new Set(documents.map(({ type }) => type));

async function start(): Promise<void> {
  controlPlane = await startControlPlane(shell);
  await run('kumactl apply -f resources.yaml');
}

describe('kumactl apply of an export', () => {
  beforeEach(start);
  afterEach(async () => expect(await controlPlane.stop()).toBe(0));

  it('restores meshes, their CAs and all else on an empty control plane', async () => {
    const before = await exported('--profile=all --include-admin');
    await run('kumactl export --profile=all --include-admin > export.yaml');
    await controlPlane.stop();
    controlPlane = await startControlPlane(shell);
    await run('kumactl apply -f export.yaml');
    expect(await exported('--profile=all --include-admin')).toEqual(before);
  });

  it('brings what a zone owned to a global control plane', async () => {
    const before = await exported('--profile=federation-with-policies');
    await run('kumactl export --profile=federation-with-policies > export.yaml');
    await controlPlane.stop();
    controlPlane = await startControlPlane(shell, 'global');
    await run('kumactl apply -f export.yaml');
    const secrets = (documents: readonly Exported[]): Exported[] => documents.filter(({ type }) => type === 'Secret');
    const after = await exported('--profile=federation-with-policies');
    expect(secrets(after)).toEqual(secrets(before));
    expect(after.map(({ type, mesh, name }) => [type, mesh, name])).toEqual(
      expect.arrayContaining(before.map(({ type, mesh, name }) => [type, mesh, name])),
    );
  });
});

describe('kumactl export', () => {
  beforeAll(start);
  afterAll(async () => expect(await controlPlane.stop()).toBe(0));

  it('takes the kinds of each profile', async () => {
    const federation = await exported('--profile=federation');
    expect([...kindsOf(federation)]).not.toContain('MeshTimeout');
    expect([...kindsOf(federation)]).toEqual(expect.arrayContaining(['Mesh', 'Secret', 'TrafficPermission', 'GlobalSecret']));
    expect(await run('kumactl export --profile=federation')).not.toMatch(/^ {2}kuma.io\/origin:/m);
    const withPolicies = kindsOf(await exported('--profile=federation-with-policies'));
    expect([...withPolicies]).toEqual(expect.arrayContaining(['MeshTimeout', 'MeshTrafficPermission', 'MeshGateway']));
    expect([...withPolicies]).not.toContain('Dataplane');
    const all = kindsOf(await exported('--profile=all'));
    expect([...all]).toEqual(expect.arrayContaining(['Dataplane', 'ZoneIngress', 'MeshTimeout']));
    expect([...all].filter((kind) => /Secret|Insight/.test(kind))).toEqual([]);
    const others = kindsOf(await exported('--profile=no-dataplanes'));
    expect([...all].filter((kind) => !others.has(kind))).toEqual(['Dataplane']);
  });

  it('writes documents for Kubernetes', async () => {
    const documents = documentsOf(await run('kumactl export --profile=all --include-admin --format=kubernetes -n mesh-system'));
    expect(documents[0]).toMatchObject({
      apiVersion: 'kuma.io/v1alpha1',
      kind: 'Mesh',
      metadata: { name: 'default' },
      spec: { skipCreatingInitialPolicies: ['*'] },
    });
    expect(documents.find(({ kind }) => kind === 'Secret')).toMatchObject({ apiVersion: 'v1', metadata: { namespace: 'mesh-system' } });
  });

  it('says what it is an export of, and which profiles and formats there are', async () => {
    expect((await run('kumactl export')).split('\n')[0]).toMatch(
      /^# Product: Kuma, Version: 2\.14\.3, Hostname: .+, ClusterId: .*, InstanceId: .+$/,
    );
    expect(await shell.run('kumactl export -p nope')).toMatchObject({
      out: '',
      code: 1,
      err: expect.stringContaining('no-dataplanes') as string,
    });
    expect(await shell.run('kumactl export -f nope')).toMatchObject({
      out: '',
      code: 1,
      err: expect.stringContaining('kubernetes') as string,
    });
  });
});

import { type Change, keyOf, keyString, type Resource, ResourceView } from '@mesh/core';
import { testIdentity, viewOf } from '@mesh/testing';
import {
  BuildMemory,
  type BuildResult,
  buildMeshContext,
  buildSidecar,
  type MeshContext,
  MeshContexts,
  type ProxyMetadata,
  parseNodeMetadata,
} from '@mesh/xds';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { policyKinds } from '../src/index.js';
import { randomMesh, resourcesOf } from './random-mesh.js';

const kinds = policyKinds.map(({ kind }) => kind);
const vips = { port: 80, domain: 'mesh' };

interface Build {
  readonly metadata: ProxyMetadata;
  readonly memory?: BuildMemory;
}

function buildNth(context: MeshContext, n: number, options: Build): BuildResult | undefined {
  const dataplane = context.dataplanes[n];
  return dataplane && buildSidecar({ context, dataplane, identity: testIdentity, plugins: policyKinds, ...options });
}

function fromScratch(resources: readonly Resource[]): MeshContext {
  const context = buildMeshContext({ view: viewOf(...resources), mesh: 'default', zone: 'zone-1', policyKinds: kinds, vips });
  if (!context) throw new Error('the view has a mesh');
  return context;
}

describe('any state of a mesh', () => {
  test('gives a configuration that holds together, the same whatever order the resources came in', () => {
    fc.assert(
      fc.property(randomMesh, (one) => {
        const metadata = parseNodeMetadata({ features: one.features });
        const result = buildNth(fromScratch(resourcesOf(one)), 0, { metadata });
        expect(result?.ok ? [] : result?.problems).toEqual([]);
        expect(buildNth(fromScratch(resourcesOf(one).reverse()), 0, { metadata })).toEqual(result);
      }),
      { numRuns: 200 },
    );
  });
});

/** What a control plane keeps of a sidecar between changes. */
interface Kept {
  readonly memory: BuildMemory;
  dataplane: Resource;
  result: BuildResult;
}

/** Sidecars that are kept current as a control plane does it: only those that something concerns are looked at. */
class KeptCurrent {
  /** Builds that were spared. */
  spared = 0;
  private readonly view = new ResourceView();
  private readonly contexts = new MeshContexts({ view: this.view, zone: 'zone-1', policyKinds: kinds, vips });
  private readonly sidecars = new Map<string, Kept>();

  constructor(private readonly metadata: ProxyMetadata) {
    this.view.subscribe((event) => this.contexts.invalidate(event));
    this.view.apply({ type: 'snapshot', snapshot: { revision: 0, resources: [] } });
  }

  get context(): MeshContext | undefined {
    return this.contexts.get('default');
  }

  apply(changes: readonly Pick<Change, 'op' | 'key' | 'resource'>[]): void {
    const revision = this.view.revision + 1;
    this.view.apply({ type: 'changes', changes: changes.map((change) => ({ ...change, revision }) as Change) });
  }

  /** Configuration of every sidecar by its name. */
  results(): Map<string, BuildResult> {
    const concerned = this.concerned();
    const found = new Map<string, BuildResult>();
    const context = this.contexts.get('default');
    for (const dataplane of context?.dataplanes ?? []) {
      if (context) found.set(dataplane.meta.name, this.current(context, dataplane as unknown as Resource, concerned).result);
    }
    for (const [name, kept] of this.sidecars) if (!found.has(name)) this.leave(name, kept);
    return found;
  }

  private concerned(): (kept: Kept) => boolean {
    const changes = this.contexts.takeChanges();
    return (kept) => changes.some(({ concerned }) => concerned === 'all' || concerned.has(kept));
  }

  private current(context: MeshContext, dataplane: Resource, isConcerned: (kept: Kept) => boolean): Kept {
    const known = this.sidecars.get(dataplane.meta.name);
    if (known?.dataplane === dataplane && !isConcerned(known)) {
      this.spared += 1;
      return known;
    }
    const kept = known ?? { memory: new BuildMemory(), dataplane, result: { ok: false, problems: [] } };
    const options = { context, dataplane, metadata: this.metadata, memory: kept.memory, identity: testIdentity, plugins: policyKinds };
    kept.dataplane = dataplane;
    kept.result = context.follow(kept, () => buildSidecar(options as Parameters<typeof buildSidecar>[0]));
    this.sidecars.set(dataplane.meta.name, kept);
    return kept;
  }

  private leave(name: string, kept: Kept): void {
    this.contexts.unfollow('default', kept);
    this.sidecars.delete(name);
  }
}

/** The changes that single resources of some states make: each takes its form in another state, or goes. */
function* singleChanges(known: readonly (readonly Resource[])[], steps: readonly { readonly at: number; readonly leave: boolean }[]) {
  for (const { at, leave } of steps) {
    const other = known[at % known.length] ?? [];
    const resource = other[at % other.length];
    if (!resource) continue;
    const key = keyOf(resource);
    yield leave && key.kind !== 'Mesh' ? ({ op: 'delete', key } as const) : ({ op: 'put', key, resource } as const);
  }
}

function expectFromScratch(kept: KeptCurrent, resources: readonly Resource[], metadata: ProxyMetadata): void {
  const context = fromScratch(resources);
  const expected = new Map(context.dataplanes.map(({ meta }, n) => [meta.name, buildNth(context, n, { metadata })]));
  expect(kept.results()).toEqual(expected);
  for (const part of ['endpoints', 'unreachable'] as const) expect(new Map(kept.context?.[part])).toEqual(new Map(context[part]));
  expect(new Map(kept.context?.egressEndpoints())).toEqual(new Map(context.egressEndpoints()));
}

describe('any sequence of changes', () => {
  test('leaves every sidecar with what it would get from scratch', () => {
    const states = fc.array(randomMesh, { minLength: 2, maxLength: 3 });
    const steps = fc.array(fc.record({ at: fc.nat(), leave: fc.boolean() }), { minLength: 4, maxLength: 12 });
    let spared = 0;
    fc.assert(
      fc.property(states, steps, (meshes, changes) => {
        const metadata = parseNodeMetadata({ features: meshes[0]?.features ?? [] });
        const kept = new KeptCurrent(metadata);
        const known = meshes.map(resourcesOf);
        const current = new Map((known[0] ?? []).map((resource) => [keyString(keyOf(resource)), resource]));
        kept.apply([...current.values()].map((resource) => ({ op: 'put', key: keyOf(resource), resource }) as const));
        for (const change of singleChanges(known, changes)) {
          // The rest stays the very same object.
          if (change.op === 'put') current.set(keyString(change.key), change.resource);
          else current.delete(keyString(change.key));
          kept.apply([change]);
          expectFromScratch(kept, [...current.values()], metadata);
        }
        spared += kept.spared;
      }),
      { numRuns: 80 },
    );
    expect(spared).toBeGreaterThan(50);
  });
});

import { type Change, keyOf, type Resource, ResourceView } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import { dataplane, mesh, resource } from '@mesh/testing';
import { BuildMemory, buildSidecar, LISTENER_TYPE, MeshContexts, parseNodeMetadata } from '@mesh/xds';
import { expect, test } from 'vitest';
import { policyKinds } from '../src/index.js';

/** A sidecar that is built again after each change of its mesh. */
class Rebuilt {
  private readonly view = new ResourceView();
  private readonly contexts = new MeshContexts({
    view: this.view,
    zone: 'zone-1',
    policyKinds: policyKinds.map(({ kind }) => kind),
    vips: { port: 80, domain: 'mesh' },
  });
  private readonly memory = new BuildMemory();
  private readonly metadata = parseNodeMetadata({});

  constructor(...resources: readonly Resource[]) {
    this.view.subscribe((event) => this.contexts.invalidate(event));
    this.view.apply({ type: 'snapshot', snapshot: { revision: 0, resources } });
  }

  put(changed: Resource): void {
    const change = { revision: this.view.revision + 1, op: 'put', key: keyOf(changed), resource: changed };
    this.view.apply({ type: 'changes', changes: [change as Change] });
  }

  /** The listeners by name, as they are encoded. */
  listeners(): ReadonlyMap<string, { readonly version: string }> {
    const context = this.contexts.get('default');
    const own = this.view.find<DataplaneSpec>('Dataplane', 'default', 'web-1');
    if (!context || !own) throw new Error('the view has them');
    const { metadata, memory } = this;
    const result = buildSidecar({ context, dataplane: own, metadata, memory, plugins: policyKinds });
    if (!result.ok) throw new Error(result.problems.join());
    return result.snapshot.get(LISTENER_TYPE)?.resources ?? new Map();
  }
}

const INBOUND = 'inbound:10.0.0.1:8080';
const OUTBOUND = 'outbound:127.0.0.1:10001';
const conf = (idleTimeout: string) => ({ targetRef: { kind: 'Mesh' }, default: { idleTimeout } });

test.each(['MeshTimeout', 'MeshCircuitBreaker', 'MeshAccessLog'])(
  'inbounds are kept as they are where the `to` of a %s changes',
  (kind) => {
    const web = dataplane('web-1').address('10.0.0.1').inbound('web', 8080).outbound('web', 10001).build();
    const sidecar = new Rebuilt(
      mesh().build(),
      web,
      resource('MeshTimeout', 'callers')
        .withSpec({ from: [conf('1s')] })
        .build(),
    );
    const before = sidecar.listeners();
    sidecar.put(
      resource(kind, 'new')
        .withSpec({ to: [{ targetRef: { kind: 'Mesh' }, default: {} }] })
        .build(),
    );
    expect(sidecar.listeners().get(INBOUND)).toBe(before.get(INBOUND));
  },
);

test('inbounds are made anew where the `from` of a policy changes, and outbounds where its `to` does', () => {
  const web = dataplane('web-1').address('10.0.0.1').inbound('web', 8080).outbound('web', 10001).build();
  const sidecar = new Rebuilt(mesh().build(), web);
  const versions = () => {
    const listeners = sidecar.listeners();
    return [INBOUND, OUTBOUND].map((name) => listeners.get(name)?.version);
  };
  const [inbound, outbound] = versions();
  expect([inbound, outbound]).not.toContain(undefined);
  sidecar.put(
    resource('MeshTimeout', 'callers')
      .withSpec({ from: [conf('7s')] })
      .build(),
  );
  const [inboundLater, outboundStill] = versions();
  expect([inboundLater === inbound, outboundStill === outbound]).toEqual([false, true]);
  sidecar.put(
    resource('MeshTimeout', 'called')
      .withSpec({ to: [conf('9s')] })
      .build(),
  );
  const [inboundStill, outboundLater] = versions();
  expect([inboundStill === inboundLater, outboundLater === outbound]).toEqual([true, false]);
});

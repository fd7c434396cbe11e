import { type Change, keyOf, type Resource, ResourceView } from '@mesh/core';
import type { DataplaneSpec } from '@mesh/resources';
import { dataplane, mesh } from '@mesh/testing';
import { describe, expect, test } from 'vitest';
import {
  BuildMemory,
  buildSidecar,
  CLUSTER_TYPE,
  ENDPOINT_TYPE,
  MeshContexts,
  parseNodeMetadata,
  type SidecarInput,
} from '../src/index.js';

const caller = dataplane('caller').address('10.0.0.1').inbound('caller', 80).outbound('web', 10001).build();
const web = (name: string, address: string, protocol = 'http') =>
  dataplane(name)
    .address(address)
    .inbound('web', 80, { tags: { 'kuma.io/protocol': protocol } })
    .build();

const plugins: SidecarInput['plugins'] = [];

/** A sidecar that is built with the memory of its earlier builds. */
class Remembering {
  readonly view = new ResourceView();
  private readonly contexts = new MeshContexts({ view: this.view, zone: 'z1', policyKinds: [], vips: { port: 80, domain: 'mesh' } });
  private readonly metadata = parseNodeMetadata({});
  private readonly memory = new BuildMemory();

  constructor(...resources: readonly Resource[]) {
    this.view.subscribe((event) => this.contexts.invalidate(event));
    this.view.apply({ type: 'snapshot', snapshot: { revision: 0, resources } });
  }

  put(resource: Resource): void {
    this.apply({ op: 'put', key: keyOf(resource), resource });
  }

  delete(resource: Resource): void {
    this.apply({ op: 'delete', key: keyOf(resource) });
  }

  build(memory = this.memory) {
    const context = this.contexts.get('default');
    if (!context) throw new Error('the view has a mesh');
    const dataplane = this.view.get(keyOf(caller)) as Resource<DataplaneSpec>;
    const result = buildSidecar({ context, dataplane, metadata: this.metadata, memory, plugins });
    if (!result.ok) throw new Error(result.problems.join());
    return result.snapshot;
  }

  private apply(change: Pick<Change, 'op' | 'key' | 'resource'>): void {
    this.view.apply({ type: 'changes', changes: [{ ...change, revision: this.view.revision + 1 } as Change] });
  }
}

describe('a sidecar with the memory of its earlier builds', () => {
  test('gets all but the endpoints as the very same objects where only an instance of a service came', () => {
    const sidecar = new Remembering(mesh().build(), caller, web('web-1', '10.0.0.2'));
    const before = sidecar.build();
    sidecar.put(web('web-2', '10.0.0.3'));
    const after = sidecar.build();
    const changed = [...after.keys()].filter((type) => after.get(type) !== before.get(type));
    expect(changed).toEqual([ENDPOINT_TYPE]);
    expect(after).toEqual(sidecar.build(new BuildMemory()));
  });

  test('gets new clusters too where the instance that came speaks another protocol', () => {
    const sidecar = new Remembering(mesh().build(), caller, web('web-1', '10.0.0.2'));
    const before = sidecar.build();
    sidecar.put(web('web-2', '10.0.0.3', 'tcp'));
    const after = sidecar.build();
    expect(after.get(CLUSTER_TYPE)).not.toBe(before.get(CLUSTER_TYPE));
    expect(after).toEqual(sidecar.build(new BuildMemory()));
  });

  test('starts anew where its mesh went and another one of that name came', () => {
    const sidecar = new Remembering(mesh().build(), caller, web('web-1', '10.0.0.2'));
    const before = sidecar.build();
    sidecar.delete(mesh().build());
    expect(() => sidecar.build()).toThrow('the view has a mesh');
    // Nobody follows what becomes of a mesh that is not there.
    sidecar.put(web('web-1', '10.0.0.2', 'tcp'));
    sidecar.put(mesh().build());
    expect(sidecar.build()).not.toEqual(before);
    expect(sidecar.build()).toEqual(sidecar.build(new BuildMemory()));
  });
});

import { type Mutation, type Resource, type ResourceDraft, type ResourceKey, ResourceView } from '@mesh/core';
import { type ProxyNode, parseProxyNode } from '../src/proxies/node.js';
import type { ProxyWriter } from '../src/proxies/writer.js';

/** A view that its own writes reach at once, for tests of what writes for proxies. */
export class WritableView implements ProxyWriter {
  readonly view = new ResourceView();
  /** Everything written so far, in order. */
  readonly writes: Mutation[] = [];
  private revision = 0;

  constructor(drafts: readonly ResourceDraft[] = []) {
    this.view.apply({ type: 'snapshot', snapshot: { revision: 0, resources: drafts.map((draft) => this.resource(draft)) } });
  }

  async put(draft: ResourceDraft): Promise<{ revision: number }> {
    this.writes.push({ op: 'upsert', draft });
    this.apply('put', draft, this.resource(draft));
    return { revision: this.revision };
  }

  async delete(key: ResourceKey): Promise<void> {
    this.writes.push({ op: 'delete', key });
    this.apply('delete', key);
  }

  private apply(op: 'put' | 'delete', { kind, mesh, name }: ResourceKey, resource?: Resource): void {
    this.revision += 1;
    const change = { revision: this.revision, op, key: { kind, mesh, name }, author: 'test', time: '' };
    this.view.apply({ type: 'changes', changes: [resource ? { ...change, resource } : change] });
  }

  private resource(draft: ResourceDraft): Resource {
    const { kind, mesh, name, labels = {}, spec } = draft;
    return {
      kind,
      meta: { mesh, name, labels, creationTime: '', modificationTime: '', version: this.revision },
      spec: spec as Resource['spec'],
    };
  }
}

/** The node of a dataplane in mesh `default`. */
export function dataplaneNode(name: string, inline?: object): ProxyNode {
  return parseProxyNode(`default.${name}`, {
    'dataplane.proxyType': 'dataplane',
    ...(inline ? { 'dataplane.resource': JSON.stringify(inline) } : {}),
    version: { envoy: { version: '1.40.0' } },
  });
}

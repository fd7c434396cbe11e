import { keyString, type Logger, messageOf } from '@mesh/core';
import type { Snapshot } from '@mesh/delta';
import type { SnapshotEngine } from './engine.js';
import type { ProxyNode } from './node.js';

export interface AssertModeOptions {
  readonly engine: Pick<SnapshotEngine, 'onIdle' | 'snapshots'>;
  /** Makes snapshots of the present view from nothing that was kept. */
  readonly fromScratch: () => (node: ProxyNode) => Snapshot | undefined;
  readonly log: Logger;
  /** Told of each comparison of all proxies, with how many of them differ and did not before. */
  readonly onCompared: (found: number) => void;
}

/**
 * The proof, while it runs, that what is kept between changes is right: whenever all changes are worked in, the snapshot of
 * every connected proxy is compared with one that is made from scratch. That costs a whole build of every proxy for each
 * change, so it is for tests and for the search for a fault (`xdsServer.assertIncremental`).
 */
export class AssertMode {
  private readonly subscription: { unsubscribe(): void };
  /** Proxies known to differ: logged when they begin to, not with every comparison. */
  private readonly differing = new Set<string>();

  constructor(private readonly options: AssertModeOptions) {
    this.subscription = options.engine.onIdle(() => this.compare());
  }

  stop(): void {
    this.subscription.unsubscribe();
  }

  private compare(): void {
    const { engine, log, onCompared } = this.options;
    const build = this.options.fromScratch();
    let found = 0;
    for (const [node, kept] of engine.snapshots()) {
      const difference = differenceOf(kept, build, node);
      const id = keyString(node.key);
      if (difference.length === 0) this.differing.delete(id);
      else if (!this.differing.has(id)) {
        this.differing.add(id);
        found += 1;
        const { mesh, name } = node.key;
        log.error({ proxy: name, mesh, resources: difference.slice(0, 20) }, 'a proxy has something else than it would get from scratch');
      }
    }
    onCompared(found);
  }
}

/** Resources that are not the same, as `type URL/name`; one that says why where there is nothing to compare with. */
function differenceOf(kept: Snapshot, build: (node: ProxyNode) => Snapshot | undefined, node: ProxyNode): string[] {
  try {
    const fresh = build(node);
    return fresh ? [...resourcesThatDiffer(kept, fresh)] : ['nothing is made for it from scratch'];
  } catch (error) {
    return [messageOf(error)];
  }
}

function* resourcesThatDiffer(one: Snapshot, other: Snapshot): Iterable<string> {
  for (const type of new Set([...one.keys(), ...other.keys()])) {
    const [left, right] = [one.get(type)?.resources, other.get(type)?.resources];
    for (const name of new Set([...(left?.keys() ?? []), ...(right?.keys() ?? [])]))
      if (left?.get(name)?.version !== right?.get(name)?.version) yield `${type}/${name}`;
  }
}

import { type DeliverySource, type InstanceBus, type Logger, messageOf, type ProxyConvergence } from '@mesh/core';
import type { ZoneDeliveries } from '../convergence/zone-deliveries.js';
import { readJson, writeJson } from './json.js';

const METHOD = 'deliveries';
/** Held by instances that answer. */
const FACT = 'deliveries';

export interface ShareDeliveriesOptions {
  readonly bus: InstanceBus;
  readonly deliveries: ZoneDeliveries;
  readonly log: Logger;
}

/**
 * Makes what the proxies of all instances have known to each of them: whoever is asked, or leads, asks the others
 * while somebody waits. An instance that does not answer is left out, so its proxies count as unknown.
 */
export function shareDeliveries({ bus, deliveries, log }: ShareDeliveriesOptions): { stop(): void } {
  bus.serve(METHOD, (body, answer) => {
    const { revision } = readJson<{ revision: number }>(body);
    deliveries.watchOwn(revision, (state) => answer.tell(writeJson(state)), answer.signal);
  });
  const release = bus.hold(FACT, '1');
  const joined = new Map<string, AbortController>();
  const follow = (): void => {
    const present = bus.connected ? bus.peers().filter(({ facts }) => facts.has(FACT)) : [];
    const ids = new Set(present.map(({ instanceId }) => instanceId));
    for (const [id, gone] of joined) {
      if (ids.has(id)) continue;
      joined.delete(id);
      gone.abort();
    }
    for (const id of ids) {
      if (joined.has(id)) continue;
      const gone = new AbortController();
      joined.set(id, gone);
      void deliveries.addRemote(remoteSource(bus, id, log), gone.signal);
    }
  };
  const subscription = bus.subscribe(follow);
  follow();
  return {
    stop: () => {
      subscription.unsubscribe();
      release();
      for (const gone of joined.values()) gone.abort();
    },
  };
}

/** The proxies of another instance. */
function remoteSource(bus: InstanceBus, instanceId: string, log: Logger): DeliverySource {
  return {
    watch: (revision, listener, signal) => {
      const body = writeJson({ revision });
      bus.ask(
        { instanceId, method: METHOD, body, signal },
        {
          onTell: (told) => listener(readJson<ProxyConvergence>(told)),
          onEnd: (error) => {
            log.debug({ instance: instanceId, reason: messageOf(error) }, 'another instance does not tell what its proxies have');
            listener(NOTHING_KNOWN);
          },
        },
      );
    },
  };
}

/** Names no instance, so that its proxies are counted as those of one that does not report. */
const NOTHING_KNOWN: ProxyConvergence = { connected: 0, converged: 0, unknown: 0, offline: 0, lagging: [], instances: [] };

import type { JsonObject, Resource } from '@mesh/core';
import { resource } from '@mesh/testing';

/** A resource as a control plane would hold it; `at` is its name, or `mesh/name`. */
export function stored(kind: string, at: string, spec: JsonObject = {}): Resource {
  const [name = '', mesh = ''] = at.split('/').reverse();
  return resource(kind, name, mesh).withSpec(spec).build();
}

const total = (sent: string, rejected?: string): JsonObject => ({
  responsesSent: sent,
  ...(rejected ? { responsesRejected: rejected } : {}),
});

/** An open stream of a proxy: connected 15 minutes ago, last told a minute ago. */
export const proxySubscription: JsonObject = {
  id: 's1',
  connectTime: '2026-11-21T08:02:43Z',
  status: { lastUpdateTime: '2026-11-21T08:16:45Z', total: total('20', '2') },
  version: { kumaDp: { version: '2.14.3' }, envoy: { version: '1.40.0' } },
};

/** A stream of a proxy that has ended. */
export const endedSubscription: JsonObject = {
  id: 's0',
  connectTime: '2026-11-21T07:00:00Z',
  disconnectTime: '2026-11-21T08:00:00Z',
  status: { total: total('1') },
};

/** An open stream of a zone. */
export const zoneSubscription: JsonObject = {
  id: 'z',
  connectTime: '2026-11-21T08:01:59Z',
  status: { lastUpdateTime: '2026-11-21T08:16:48Z', total: total('103') },
  version: { kumaCp: { version: '2.14.3' } },
  config: '{"store":{"type":"memory"}}',
};

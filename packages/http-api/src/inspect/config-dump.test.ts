import type { JsonObject } from '@mesh/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { resourcesOfDump } from './config-dump.js';

const LISTENER = 'type.googleapis.com/envoy.config.listener.v3.Listener';
const ASSIGNMENT = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment';

it('resources that came over xDS are sorted by type and name', () => {
  const dump: JsonObject = {
    configs: [
      { bootstrap: { static_resources: {} } },
      {
        static_listeners: [{ listener: { '@type': LISTENER, name: 'static' } }],
        dynamic_listeners: [
          { name: 'a', active_state: { version_info: '1', listener: { '@type': LISTENER, name: 'a', traffic_direction: 'INBOUND' } } },
          { name: 'warming', warming_state: { listener: { '@type': LISTENER, name: 'warming' } } },
        ],
      },
      { dynamic_endpoint_configs: [{ endpoint_config: { '@type': ASSIGNMENT, cluster_name: 'web' } }] },
      { dynamic_active_secrets: [{ name: 'key', secret: { '@type': 'secret', name: 'key' } }] },
    ],
  };
  expect(resourcesOfDump(dump)).toEqual({
    [LISTENER]: { a: { name: 'a', traffic_direction: 'INBOUND' } },
    [ASSIGNMENT]: { web: { cluster_name: 'web' } },
  });
});

it('any JSON is read without a throw', () => {
  fc.assert(fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (dump) => void resourcesOfDump(dump as JsonObject)));
});

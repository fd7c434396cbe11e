import { type ConfigOf, placeFields, section } from './field.js';
import { access } from './sections/access.js';
import * as behaviour from './sections/behaviour.js';
import { general } from './sections/general.js';
import { multizone } from './sections/multizone.js';
import { redis } from './sections/redis.js';
import { apiServer, bootstrapServer, diagnostics, dpServer, interCp, monitoringAssignmentServer } from './sections/servers.js';
import { store } from './sections/store.js';

/** The whole configuration (contract/rest-api.md §6), in the order Kuma prints it; our own sections last. */
export const configSchema = section({
  general,
  environment: behaviour.environment,
  mode: behaviour.mode,
  store,
  bootstrapServer,
  xdsServer: behaviour.xdsServer,
  monitoringAssignmentServer,
  apiServer,
  runtime: behaviour.runtime,
  defaults: behaviour.defaults,
  metrics: behaviour.metrics,
  reports: behaviour.reports,
  multizone,
  dnsServer: behaviour.dnsServer,
  diagnostics,
  dpServer,
  access,
  experimental: behaviour.experimental,
  proxy: behaviour.proxy,
  interCp,
  tracing: behaviour.tracing,
  eventBus: behaviour.eventBus,
  policies: behaviour.policies,
  coreResources: behaviour.coreResources,
  ipam: behaviour.ipam,
  meshService: behaviour.meshService,
  internal: behaviour.internal,
  ingressManager: behaviour.ingressManager,
  redis,
});

/** Effective configuration. Durations are milliseconds; names are those of the YAML keys. */
export type KumaConfig = ConfigOf<typeof configSchema>;

/** Every key with its YAML path, variable and field, in order. */
export const configFields = placeFields(configSchema);

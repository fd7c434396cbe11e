import { z } from 'zod';
import { bool, duration, inertSection, int, list, listOf, oneOf, port, section, str, yamlOnly } from '../field.js';

/** A field that takes any YAML mapping and is printed as given: parts of Kuma this build does not have. */
function opaque(text: string) {
  return yamlOnly<Readonly<Record<string, unknown>>>(z.record(z.string(), z.unknown()), {}, { text, allowed: 'a mapping' });
}

const cidr = (value: string, doc: string, env?: string) =>
  str(value, doc, {
    pattern: /^(\d{1,3}(\.\d{1,3}){3}\/([0-9]|[12]\d|3[0-2])|[0-9a-fA-F:]+\/\d{1,3})$/,
    allowed: 'a CIDR such as 240.0.0.0/4',
    ...(env ? { env } : {}),
  });

const NO_REAL_RESOURCES = 'MeshService and its relatives are not made here; services come from tags.';

/** `xdsServer`: pace of proxy configuration. */
export const xdsServer = section({
  dataplaneConfigurationRefreshInterval: duration('1s', 'Accepted for Kuma; proxies are told at once.'),
  dataplaneStatusFlushInterval: duration('10s', 'How often proxy status is written.'),
  assertIncremental: bool(
    false,
    'After every change, compare what each proxy has with what it would get from scratch, and say where they differ; for the search for faults.',
  ),
  dataplaneDeregistrationDelay: duration('10s', 'A dataplane is removed so long after its stream ended.', {
    env: 'KUMA_XDS_DATAPLANE_DEREGISTRATION_DELAY',
  }),
  nackBackoff: duration('5s', 'Accepted for Kuma; what was refused is sent again when it changes.'),
});

/** `runtime`: what depends on the environment. */
export const runtime = section({
  kubernetes: opaque('Accepted for Kuma; read by the Kubernetes environment only.'),
  universal: section({
    dataplaneCleanupAge: duration('72h', 'An offline dataplane is removed after so long.'),
    zoneResourceCleanupAge: duration('72h', 'An offline zone proxy is removed after so long.'),
    vipRefreshInterval: duration('500ms', 'Accepted for Kuma; VIPs follow changes.'),
    spire: section({ socketPath: str('/tmp/spire-agent/public/api.sock', 'Accepted for Kuma; SPIRE is not supported.') }),
    workload: section({ generationInterval: duration('2s', 'Accepted for Kuma; workloads follow changes.') }),
  }),
});

/** `defaults`: what is made at first start. */
export const defaults = section({
  skipMeshCreation: bool(false, 'Do not make the mesh "default".'),
  skipTenantResources: bool(false, 'Make no default resource at all.'),
  createMeshRoutingResources: bool(false, 'Make TrafficRoute and TrafficPermission for each mesh.'),
  SkipHostnameGenerators: bool(false, 'Accepted for Kuma; no HostnameGenerator is made.'),
});

/** `metrics`: insights and their pace. */
export const metrics = section({
  dataplane: section({
    subscriptionLimit: int(2, 'Connections remembered per proxy.', { min: 1 }),
    idleTimeout: duration(
      '5m',
      'Streams of an instance that has been gone for so long count as ended; no offline proxy is removed before the leader has led for so long.',
    ),
  }),
  zone: section({
    subscriptionLimit: int(10, 'Connections remembered per zone.', { min: 1 }),
    idleTimeout: duration('5m', 'Accepted for Kuma; silent streams of zones are noticed by their pulse, within seconds.'),
    compactFinishedSubscriptions: bool(false, 'Accepted for Kuma; ended connections are kept as they are.'),
  }),
  mesh: section({
    minResyncTimeout: duration('0s', 'Accepted for Kuma.'),
    maxResyncTimeout: duration('0s', 'Accepted for Kuma.'),
    bufferSize: int(1000, 'Accepted for Kuma.'),
    minResyncInterval: duration('1s', 'Insights of a mesh are written at most so often.'),
    fullResyncInterval: duration('20s', 'Accepted for Kuma; insights follow changes.'),
    eventProcessors: int(1, 'Accepted for Kuma.', { min: 1 }),
  }),
  controlPlane: section({ reportResourcesCount: bool(true, 'Accepted for Kuma; resources are not counted.') }),
  openTelemetry: section({ enabled: bool(true, 'Accepted for Kuma; metrics are not pushed.') }, { env: 'OPENTELEMETRY' }),
});

/** `dnsServer`: names and VIPs of the mesh, and the resolver on 5653. */
export const dnsServer = section({
  domain: str('mesh', 'Domain of service names, without a leading dot.', {
    pattern: /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/,
    allowed: 'a DNS name without a leading dot',
  }),
  CIDR: cidr('240.0.0.0/4', 'Range of service VIPs.'),
  serviceVipEnabled: bool(true, 'Give every service a VIP.'),
  serviceVipPort: port(80, 'Port services answer on at their VIP.'),
  enabled: bool(true, 'Serve DNS.'),
  address: str('0.0.0.0', 'Address DNS listens on.'),
  port: port(5653, 'UDP and TCP port of DNS.'),
});

/** `ingressManager`: xDS for zone proxies. */
export const ingressManager = section({
  address: str('', 'Host zone proxies dial; empty: the one they asked for the bootstrap.'),
  xdsPort: port(5679, 'Port zone proxies are served xDS on.'),
  advertisedPort: port(0, 'Port zone proxies dial for xDS, such as that of a load balancer; 0: xdsPort.'),
});

/** `internal`: between the services of one control plane. */
export const internal = section({
  address: str('127.0.0.1', 'Address a control plane listens on for its services.'),
  port: port(5684, 'Port a control plane listens on for its services.'),
  controlPlaneAddress: str('127.0.0.1:5684', 'Where services find their control plane.', {
    pattern: /^(\[[0-9a-fA-F:.]+\]|[^\s/:@]+):\d{1,5}$/,
    allowed: 'host:port',
  }),
  tls: section({
    caFile: str('', 'CA both ends check; empty: made in the work directory.'),
    certFile: str('', 'Certificate both ends show; empty: made in the work directory.'),
    keyFile: str('', 'Its private key; empty: made in the work directory.'),
  }),
});

/** `ipam`: ranges of the VIPs of real resources. */
export const ipam = inertSection(
  section({
    meshService: section({ cidr: cidr('241.0.0.0/8', 'Range for MeshService.') }),
    meshExternalService: section({ cidr: cidr('242.0.0.0/8', 'Range for MeshExternalService.') }),
    meshMultiZoneService: section({ cidr: cidr('243.0.0.0/8', 'Range for MeshMultiZoneService.') }),
    allocationInterval: duration('5s', 'Accepted for Kuma; addresses follow changes.'),
    knownInternalCIDRs: list(
      ['10.0.0.0/8', '192.168.0.0/16', '172.16.0.0/12', 'fc00::/7', 'fd00::/8', '127.0.0.1/32', '::1/128'],
      'Ranges that count as inside.',
      { env: 'KNOWN_INTERNAL_CIDRS' },
    ),
  }),
  NO_REAL_RESOURCES,
);

/** `meshService`: generated MeshServices. */
export const meshService = inertSection(
  section({
    generationInterval: duration('2s', 'Accepted for Kuma; MeshServices follow changes.'),
    deletionGracePeriod: duration('1h', 'A MeshService without inbounds is removed after so long.'),
    labelPropagation: section({
      enabled: bool(false, 'Copy labels of dataplanes.'),
      allowedLabelKeys: list([], 'Labels that are copied.'),
    }),
  }),
  NO_REAL_RESOURCES,
);

/** Kinds that can be switched off, by their REST paths. */
export const CORE_RESOURCES = [
  'hostnamegenerators',
  'meshexternalservices',
  'meshidentities',
  'meshmultizoneservices',
  'meshopentelemetrybackends',
  'meshservices',
  'meshtrusts',
  'meshzoneaddresses',
  'workloads',
] as const;

/** Policies that can be switched off, by their REST paths. */
export const PLUGIN_POLICIES = [
  'meshaccesslogs',
  'meshcircuitbreakers',
  'meshfaultinjections',
  'meshhealthchecks',
  'meshhttproutes',
  'meshloadbalancingstrategies',
  'meshmetrics',
  'meshpassthroughs',
  'meshproxypatches',
  'meshratelimits',
  'meshretries',
  'meshtcproutes',
  'meshtimeouts',
  'meshtlses',
  'meshtraces',
  'meshtrafficpermissions',
] as const;

/** `coreResources`: kinds offered, and their pace. */
export const coreResources = section({
  enabled: listOf(CORE_RESOURCES, 'Kinds beside policies that are offered; others have no REST path and are not synced.', {
    value: CORE_RESOURCES,
  }),
  status: inertSection(
    section({
      meshMultiZoneServiceInterval: duration('5s', ''),
      meshServiceInterval: duration('5s', ''),
      meshIdentityInterval: duration('5s', ''),
      workloadInterval: duration('5s', ''),
      meshOpenTelemetryBackendInterval: duration('5s', ''),
    }),
    'status follows changes.',
  ),
});

/** `policies`: plugin policies. */
export const policies = section({
  pluginPoliciesEnabled: listOf(PLUGIN_POLICIES, 'Policies that are offered; others have no REST path, no effect, and are not synced.', {
    value: PLUGIN_POLICIES,
    env: 'KUMA_PLUGIN_POLICIES_ENABLED',
  }),
});

/** `experimental`, `proxy`, `tracing`, `eventBus`, `reports`. */
export const experimental = section({
  kubeOutboundsAsVIPs: bool(true, 'Accepted for Kuma; read by the Kubernetes environment only.', { env: 'KUBE_OUTBOUNDS_AS_VIPS' }),
  useTagFirstVirtualOutboundModel: bool(false, 'Accepted for Kuma; VIPs have one form.'),
  ingressTagFilters: list([], 'Accepted for Kuma; all tags are kept.'),
  kdsEventBasedWatchdog: section({
    enabled: bool(false, 'Accepted for Kuma; KDS always follows changes.'),
    flushInterval: duration('5s', 'Accepted for Kuma; KDS always follows changes.'),
    fullResyncInterval: duration('1m', 'Accepted for Kuma; KDS always follows changes.'),
    delayFullResync: bool(false, 'Accepted for Kuma; KDS always follows changes.'),
  }),
  autoReachableServices: bool(false, 'Accepted for Kuma; every service is reachable unless the dataplane says otherwise.'),
  sidecarContainers: bool(true, 'Accepted for Kuma.'),
  deltaXds: bool(false, 'Accepted for Kuma; a dataplane asks for it itself.'),
  inboundTagsDisabled: bool(false, 'Accepted for Kuma; tags of inbounds always count.'),
  exposeZoneProxyMetrics: bool(false, 'Accepted for Kuma; they are not offered.'),
});

export const proxy = section({
  gateway: section({ globalDownstreamMaxConnections: int(50_000, 'Accepted for Kuma; there are no built-in gateways.') }),
});
export const tracing = section({ openTelemetry: opaque('Accepted for Kuma.') });
export const eventBus = section({ bufferSize: int(100, 'Accepted for Kuma.') });
export const reports = section({ enabled: bool(false, 'Accepted for Kuma; nothing is reported anywhere.') });
export const environment = oneOf(['universal'], 'universal', 'Where proxies run.');
export const mode = oneOf(['zone', 'global'], 'zone', 'What this control plane is; a zone without a global address is standalone.');

import { z } from 'zod';
import { bool, duration, inertSection, int, intOrAuto, list, objects, oneOf, port, section, str } from '../field.js';
import { tlsServer, tlsVersions } from './tls.js';

/** Keys of tokens that are verified offline (contract/rest-api.md §4). */
export interface PublicKeyConfig {
  readonly kid: string;
  readonly mesh?: string;
  readonly key?: string;
  readonly keyFile?: string;
}

const publicKey: z.ZodType<PublicKeyConfig> = z
  .object({ kid: z.string().min(1), mesh: z.string().optional(), key: z.string().optional(), keyFile: z.string().optional() })
  .refine((value) => (value.key === undefined) !== (value.keyFile === undefined));

/** Who issues and checks one kind of token. */
function tokens() {
  return {
    enableIssuer: bool(true, 'Issue tokens over the API.'),
    validator: section({
      useSecrets: bool(true, 'Check tokens with the signing keys kept as secrets.'),
      publicKeys: objects<PublicKeyConfig>(z.array(publicKey), {
        text: 'Public keys that check tokens issued elsewhere.',
        allowed: 'a list of {kid, key | keyFile}, with mesh for dataplane tokens',
      }),
    }),
  };
}

/** `apiServer`: the REST API on 5681 and 5682 (contract/rest-api.md §1). */
export const apiServer = section({
  readOnly: bool(false, 'Refuse every write.'),
  corsAllowedDomains: list([], 'Origins browsers may call from.'),
  allowedHosts: list([], 'Names (of the Host header) the API may be asked under, besides addresses and localhost; empty: any name.'),
  rateLimit: section({
    anonymousRequestsPerSecond: int(1000, 'Requests each second from one address without a credential; 0: no limit.'),
    requestsPerSecond: int(0, 'Requests each second from one user, or from localhost; 0: no limit.'),
  }),
  http: section({
    enabled: bool(true, 'Serve plain HTTP.'),
    interface: str('0.0.0.0', 'Address to listen on.'),
    port: port(5681, 'Port of plain HTTP.'),
  }),
  https: section({
    enabled: bool(true, 'Serve HTTPS.'),
    interface: str('0.0.0.0', 'Address to listen on.'),
    port: port(5682, 'Port of HTTPS.'),
    ...tlsServer(),
    requireClientCert: bool(false, 'Refuse clients without a certificate.'),
    tlsCaFile: str('', 'CA of client certificates.'),
  }),
  auth: section({ clientCertsDir: str('', 'Directory of client certificates (*.pem, *.crt) to trust.') }),
  authn: section({
    type: oneOf(['tokens', 'adminClientCerts'], 'tokens', 'How callers prove who they are.'),
    localhostIsAdmin: bool(true, 'Callers from loopback are admin, under the conditions of contract/rest-api.md §1.'),
    tokens: section({ bootstrapAdminToken: bool(true, 'Make an admin token at first start.'), ...tokens() }),
  }),
  basePath: str('/', 'Prefix of all API paths.'),
  rootUrl: str('', 'Accepted for Kuma; the web page asks the API beside it.'),
  gui: section({
    enabled: bool(true, 'Serve the web page.'),
    rootUrl: str('', 'Address of the web page as browsers see it.'),
    basePath: str('/gui', 'Path of the web page.'),
  }),
  readHeaderTimeout: duration('1s', 'Longest time to send the request head.'),
  readTimeout: duration('10s', 'Longest time to send a request.'),
  writeTimeout: duration('30s', 'Longest time to answer.'),
  idleTimeout: duration('2m', 'A quiet connection is closed after so long.'),
});

/** `dpServer`: bootstrap and xDS for proxies on 5678. */
export const dpServer = section({
  port: port(5678, 'Port of bootstrap and xDS.'),
  ...tlsServer(),
  readHeaderTimeout: duration('5s', 'Longest time to send the request head.'),
  gracefulShutdownTimeout: duration('10s', 'How long open streams may end by themselves at stop.'),
  workers: section({
    count: intOrAuto(
      'Processes that take streams of dataplanes off the main one; auto: one less than there are cores, none on one or two.',
    ),
    connectionsEach: int(200, 'A worker is started for each so many connections of dataplanes; 0: all are started at once.'),
  }),
  authn: section({
    dpProxy: section({
      type: oneOf(['', 'dpToken', 'serviceAccountToken', 'none'], '', 'How dataplanes prove who they are; empty: by environment.'),
      dpToken: section(tokens()),
    }),
    zoneProxy: section({
      type: oneOf(['', 'zoneToken', 'serviceAccountToken', 'none'], '', 'How zone proxies prove who they are; empty: by environment.'),
      zoneToken: section(tokens()),
    }),
    enableReloadableTokens: bool(false, 'Proxies read their token anew for every stream.'),
  }),
  hds: section({
    enabled: bool(true, 'Ask proxies for health of their workloads.'),
    interval: duration('5s', 'How often proxies report.'),
    refreshInterval: duration('10s', 'Accepted for Kuma; checks are handed out when they change.'),
    checkDefaults: section(
      {
        timeout: duration('2s', 'A check fails after so long.'),
        interval: duration('1s', 'Time between checks.'),
        noTrafficInterval: duration('1s', 'Time between checks of unused clusters.'),
        healthyThreshold: int(1, 'Good answers in a row that make healthy.', { min: 1 }),
        unhealthyThreshold: int(1, 'Bad answers in a row that make unhealthy.', { min: 1 }),
      },
      { env: 'CHECK' },
    ),
  }),
});

/** `bootstrapServer`: what bootstraps contain. */
export const bootstrapServer = section({
  port: port(0, 'Plain HTTP port of the bootstrap for clients of Kuma 0.x (5682 there); 0: off.'),
  params: section({
    adminAddress: str('127.0.0.1', 'Address of the Envoy admin.'),
    adminPort: port(9901, 'Port of the Envoy admin.'),
    envoyAdminUnixSocket: bool(true, 'Put the Envoy admin on a Unix socket.'),
    readinessPort: port(9902, 'Port of the readiness reporter.'),
    adminAccessLogPath: str('/dev/null', 'Access log of the Envoy admin.'),
    xdsHost: str('', 'Host proxies dial for xDS; empty: the one they asked for the bootstrap.'),
    xdsPort: port(0, 'Port proxies dial for xDS; 0: dpServer.port.'),
    xdsConnectTimeout: duration('1s', 'Longest time a proxy waits for the xDS connection.'),
    xdsGrpcMaxReceiveMessageBytes: int(4_194_304, 'Largest xDS message a proxy takes.'),
    corefileTemplatePath: str('', 'Template for the DNS server of kuma-dp.'),
  }),
});

/** `monitoringAssignmentServer`: Prometheus discovery on 5676. */
export const monitoringAssignmentServer = section({
  enabled: bool(true, 'Serve monitoring assignments.'),
  port: port(5676, 'Port of monitoring assignments.'),
  defaultFetchTimeout: duration('30s', 'How long a request waits for news.'),
  apiVersions: list(['v1'], 'Versions served; without v1 nothing is served.'),
  assignmentRefreshInterval: duration('1s', 'Shortest time between two changes of assignments; a first one counts at once.'),
  tlsEnabled: bool(false, 'Serve TLS.'),
  ...tlsServer(),
});

/** `diagnostics`: health and metrics on 5680. */
export const diagnostics = section({
  serverPort: port(5680, 'Port of health and metrics.'),
  debugEndpoints: bool(false, 'Accepted for Kuma; profiles are not served.'),
  tlsEnabled: bool(false, 'Serve TLS.'),
  ...tlsServer(),
});

/** `interCp`: Kuma's channel between instances. */
export const interCp = inertSection(
  section({
    catalog: section({
      instanceAddress: str('', 'Address other instances reach this one at.'),
      instanceVersion: str('', 'Version of this instance.'),
      heartbeatInterval: duration('5s', 'How often an instance says it lives.'),
      writerInterval: duration('15s', 'How often the list of instances is written.'),
    }),
    server: section({ port: port(5683, 'Port between instances.'), ...tlsVersions() }),
  }),
  'instances meet in the store.',
);

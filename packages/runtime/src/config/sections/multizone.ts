import { bool, duration, int, list, oneOf, port, section, str } from '../field.js';
import { tlsServer } from './tls.js';

const globalKds = section({
  grpcPort: port(5685, 'Port zones dial.'),
  refreshInterval: duration('1s', 'Accepted for Kuma; zones are told at once.'),
  zoneInsightFlushInterval: duration('10s', 'How often zone status is written.'),
  tlsEnabled: bool(true, 'Serve TLS.'),
  ...tlsServer(),
  maxMsgSize: int(10_485_760, 'Largest message, in bytes.', { min: 1024 }),
  msgSendTimeout: duration('1m', 'Accepted for Kuma.'),
  nackBackoff: duration('5s', 'Accepted for Kuma; what was refused is sent again when it changes.'),
  responseBackoff: duration('0s', 'Accepted for Kuma; answers do not wait.'),
  logPayloads: bool(false, 'Accepted for Kuma; payloads are not logged.'),
  zoneHealthCheck: section({
    pollInterval: duration('0s', 'How often zones say they live; 0: off.'),
    timeout: duration('0s', 'The streams of a zone that said nothing for so long are ended, besides what their pulse finds; 0: off.'),
    closeStaleConn: bool(false, 'End the older stream where a zone opens a second one of the same sort.'),
  }),
  tracing: section({ enabled: bool(true, 'Accepted for Kuma; nothing is traced.') }),
  labels: section({ skipPrefixes: list([], 'Labels with these prefixes are not sent to zones.') }),
  auth: section({
    type: oneOf(
      ['optional', 'cpToken', 'clientCert', 'none'],
      'optional',
      'How zones prove who they are. cpToken: by a zone token of scope cp; clientCert: by a client certificate that names the zone; optional: by either where they show one; none: not at all.',
    ),
    clientCaFile: str('', 'PEM file of the CAs whose client certificates name zones; empty: no certificates are asked for.'),
  }),
});

const zoneKds = section({
  refreshInterval: duration('1s', 'Accepted for Kuma; the global is told at once.'),
  tlsSkipVerify: bool(false, 'Trust any certificate of the global.'),
  rootCaFile: str('', 'PEM file of the CA of the global; empty: the system roots.'),
  maxMsgSize: int(10_485_760, 'Largest message, in bytes.', { min: 1024 }),
  msgSendTimeout: duration('1m', 'Accepted for Kuma.'),
  nackBackoff: duration('5s', 'Accepted for Kuma; what was refused is sent again when it changes.'),
  responseBackoff: duration('0s', 'Accepted for Kuma; answers do not wait.'),
  logPayloads: bool(false, 'Accepted for Kuma; payloads are not logged.'),
  labels: section({ skipPrefixes: list([], 'Labels with these prefixes are not sent to the global.') }),
  auth: section({
    cpTokenInline: str('', 'Zone token of scope cp that this zone shows to the global.', { secret: true }),
    cpTokenPath: str('', 'File with that token; read anew at every connection.'),
    clientCertFile: str('', 'PEM file of the client certificate that this zone shows to the global; read anew at every connection.'),
    clientKeyFile: str('', 'PEM file of its key.'),
  }),
});

/** `multizone`: how zones and the global find each other (contract/kds.md §4). */
export const multizone = section({
  global: section({ kds: globalKds }),
  zone: section({
    name: str('default', 'Name of this zone.', {
      pattern: /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
      allowed: 'a DNS name of at most 63 lower-case letters, digits and dashes',
    }),
    globalAddress: str('', 'Address of the global, such as grpcs://global:5685; empty: standalone.', {
      pattern: /^$|^grpcs?:\/\/(\[[0-9a-fA-F:.]+\]|[^\s/:@]+):\d{1,5}$/,
      allowed: 'grpc://host:port or grpcs://host:port, or empty',
    }),
    kds: zoneKds,
    disableOriginLabelValidation: bool(false, 'Take resources of this zone without the label kuma.io/origin: zone.'),
    ingressUpdateInterval: duration('1s', 'Accepted for Kuma; available services follow changes.'),
  }),
});

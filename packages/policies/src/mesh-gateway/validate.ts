import { TAG_PROTOCOL, TAG_SERVICE, TAG_ZONE, type Violations } from '@mesh/core';
import { checkPort, checkTagCharacters, isDnsName, type Tags } from '@mesh/resources';
import { checkServiceSelectors } from '../sdk/selectors.js';
import type { GatewayListener, MeshGatewaySpec } from './schema.js';

/** Tags that come from elsewhere. */
const RESERVED: ReadonlySet<string> = new Set([TAG_SERVICE, TAG_PROTOCOL, TAG_ZONE, 'kuma.io/external-service-name']);
const CERTIFICATES_MAX = 2;

/** Rules of contract/policies.md §1.2. */
export function validateMeshGateway({ selectors, tags = {}, conf }: MeshGatewaySpec, violations: Violations): void {
  checkServiceSelectors(selectors, violations.field('selectors'));
  const listeners = conf?.listeners ?? [];
  if (listeners.some(({ crossMesh }) => crossMesh)) {
    for (let i = 1; i < (selectors ?? []).length; i++) violations.field('selectors').index(i).add('there can be at most one selector');
  }
  checkTags(tags, violations.field('tags'));
  const at = violations.field('conf');
  if (!conf) {
    at.add('cannot be empty');
    return;
  }
  if (listeners.length === 0) at.field('listeners').add('cannot be empty');
  for (const [i, listener] of listeners.entries()) checkListener(listener, at.field('listeners').index(i));
  checkPorts(listeners, at.field('listeners'));
}

function checkTags(tags: Tags, at: Violations): void {
  checkTagCharacters(tags, at);
  for (const key of Object.keys(tags)) if (RESERVED.has(key)) at.key(key).add(`tag name must not be "${key}"`);
}

function checkListener(listener: GatewayListener, at: Violations): void {
  const { hostname = '', port, protocol = 'NONE', tags = {}, crossMesh } = listener;
  if (hostname !== '' && !isHostname(hostname)) at.field('hostname').add('invalid hostname');
  checkPort(port, at.field('port'));
  if (protocol === 'NONE') at.field('protocol').add('cannot be empty');
  if (crossMesh) {
    if (protocol === 'HTTPS') at.field('protocol').add('protocol is not supported with crossMesh');
    if (listener.tls) at.field('tls').add('must be empty with crossMesh');
  } else checkTls(listener, at.field('tls'));
  checkTags(tags, at.field('tags'));
}

/** `*`, a name, or a name below `*.`. */
function isHostname(hostname: string): boolean {
  return hostname === '*' || isDnsName(hostname.startsWith('*.') ? hostname.slice(2) : hostname);
}

function checkTls({ protocol, tls }: GatewayListener, at: Violations): void {
  if (!tls) {
    if (protocol === 'HTTPS') at.add('cannot be empty');
    return;
  }
  const certificates = tls.certificates ?? [];
  for (const [i, source] of certificates.entries()) {
    if (Object.keys(source).length > 1) at.field('certificates').index(i).add('must have only one source');
  }
  if (protocol === 'HTTPS' && tls.mode === 'PASSTHROUGH') at.field('mode').add('mode is not supported on HTTPS listeners');
  if (tls.mode !== 'TERMINATE') return;
  if (certificates.length === 0) at.field('certificates').add('cannot be empty in TLS termination mode');
  if (certificates.length > CERTIFICATES_MAX) at.field('certificates').add(`cannot have more than ${CERTIFICATES_MAX} certificates`);
}

/** Listeners of one port share a protocol and a bound, and have host names of their own. */
function checkPorts(listeners: readonly GatewayListener[], at: Violations): void {
  const byPort = new Map<number, number[]>();
  for (const [i, { port = 0 }] of listeners.entries()) byPort.set(port, [...(byPort.get(port) ?? []), i]);
  const differ = (indexes: readonly number[], of: (listener: GatewayListener) => unknown) =>
    new Set(indexes.map((i) => of(listeners[i] ?? {}))).size > 1;
  const together = [...byPort.values()].filter((indexes) => indexes.length > 1);
  for (const indexes of together) {
    if (differ(indexes, ({ protocol }) => protocol))
      for (const i of indexes) at.index(i).add('protocol conflicts with other listeners on this port');
  }
  const hostname = (i: number) => listeners[i]?.hostname || '*';
  for (const indexes of together) {
    for (const i of indexes) {
      if (indexes.some((j) => j !== i && hostname(i) === hostname(j))) at.index(i).add('multiple listeners for hostname on this port');
    }
  }
  for (const indexes of together) {
    if (!differ(indexes, ({ resources }) => resources?.connectionLimit ?? 0)) continue;
    for (const i of indexes) at.index(i).field('resources').field('connectionLimit').add('conflicting values for this port');
  }
}

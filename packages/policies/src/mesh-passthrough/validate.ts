import type { TargetRefKind, Violations } from '@mesh/core';
import { isDnsName, isIp, isPort } from '@mesh/resources';
import { checkTargetRef, topKindDeprecations } from '../sdk/target-ref.js';
import type { MeshPassthroughSpec, PassthroughMatch } from './schema.js';

const TOP: readonly TargetRefKind[] = ['Mesh', 'MeshSubset', 'Dataplane'];
/** Protocols that one port cannot mix. */
const HTTP = ['grpc', 'http', 'http2'];

const MATCHED_WITHOUT_EFFECT =
  'spec.default: only the modes All and None have an effect yet; with Matched, what the mesh says about passthrough holds';

/** Rules of contract/policies.md §2.10; rooted at `spec`. */
export function validateMeshPassthrough(spec: MeshPassthroughSpec, violations: Violations): void {
  checkTargetRef(spec.targetRef, { kinds: TOP }, violations.field('targetRef'));
  const seen = new Set<string>();
  const protocols = new Map<string, string>();
  for (const [i, match] of (spec.default?.appendMatch ?? []).entries()) {
    const at = violations.field('default').field('appendMatch').index(i);
    checkMatch(match, at);
    checkUnique(match, seen, at);
    if (!HTTP.includes(match.protocol)) continue;
    const port = String(match.port ?? '*');
    const protocol = protocols.get(port) ?? match.protocol;
    protocols.set(port, protocol);
    if (protocol !== match.protocol) {
      const message = `using the same port in multiple matches requires the same protocol for the following protocols: [${HTTP.join(' ')}]`;
      at.field('port').add(message);
    }
  }
}

/** What a user is told about an accepted document. */
export function meshPassthroughDeprecations(spec: MeshPassthroughSpec): string[] {
  const mode = spec.default?.passthroughMode;
  const matched = mode === 'All' || mode === 'None' ? [] : [MATCHED_WITHOUT_EFFECT];
  return [...topKindDeprecations(spec.targetRef), ...matched];
}

function checkMatch({ type, value, port, protocol }: PassthroughMatch, at: Violations): void {
  if (port !== undefined && !isPort(port)) at.field('port').add('port must be a valid (1-65535)');
  if (protocol === 'mysql' && type !== 'Domain' && port === undefined) at.field('port').add('port must be defined for Mysql protocol');
  if (type === 'IP' && !isIp(value)) at.field('value').add('provided IP has incorrect value');
  if (type === 'CIDR' && !isCidr(value)) at.field('value').add('provided CIDR has incorrect value');
  if (type === 'Domain') checkDomain({ value, port, protocol }, at);
}

function checkDomain({ value, port, protocol }: Pick<PassthroughMatch, 'value' | 'port' | 'protocol'>, at: Violations): void {
  if (protocol === 'tcp' || protocol === 'mysql') at.field('protocol').add(`protocol ${protocol} is not supported for a domain`);
  const wildcard = value.startsWith('*');
  if (wildcard && port === undefined && protocol !== 'tls')
    at.field('port').add("wildcard domains doesn't work for all ports and layer 7 protocol");
  const name = value.startsWith('*.') ? value.slice(2) : value;
  if (name === '*' || (!isDnsName(name) && !isUnderscored(name))) at.field('value').add('provided DNS has incorrect value');
}

/** Host names with underscores are none, but there are some. */
function isUnderscored(name: string): boolean {
  return name.includes('_') && isDnsName(name.replaceAll('_', 'a'));
}

function checkUnique({ value, port, protocol }: PassthroughMatch, seen: Set<string>, at: Violations): void {
  const key = `${protocol}/${port ?? '*'}/${value}`;
  if (seen.has(key)) at.field('value').add(`value ${value} is already defiend for this port and protocol`);
  seen.add(key);
}

function isCidr(text: string): boolean {
  const match = /^(.+)\/(\d{1,3})$/.exec(text);
  const [, address = '', length = ''] = match ?? [];
  return isIp(address) && Number(length) <= (address.includes(':') ? 128 : 32);
}

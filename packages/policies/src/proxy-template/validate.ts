import type { Violations } from '@mesh/core';
import { checkEnvoyValue, type EnvoyMessage, readEnvoyValue } from '../sdk/envoy-value.js';
import { checkServiceSelectors } from '../sdk/selectors.js';
import type { ProxyTemplateSpec, RawResource, TemplateChange, TemplateModification } from './schema.js';

const PROFILES = ['default-proxy', 'egress-proxy', 'gateway-proxy', 'ingress-proxy'];
const OPERATIONS = ['add', 'patch', 'remove'];
const FILTER_OPERATIONS = ['addFirst', 'addLast', 'addBefore', 'addAfter', 'patch', 'remove'];

/** Rules of contract/policies.md §1.2. */
export function validateProxyTemplate({ selectors, conf = {} }: ProxyTemplateSpec, violations: Violations): void {
  if (selectors) checkServiceSelectors(selectors, violations.field('selectors'));
  const at = violations.field('conf');
  for (const [i, profile] of (conf.imports ?? []).entries()) {
    const field = at.field('imports').index(i);
    if (profile === '') field.add('cannot be empty');
    else if (!PROFILES.includes(profile)) field.add(`profile not found. Available profiles: ${PROFILES.join(',')}`);
  }
  for (const [i, resource] of (conf.resources ?? []).entries()) checkResource(resource, at.field('resources').index(i));
  for (const [i, modification] of (conf.modifications ?? []).entries()) checkModification(modification, at.field('modifications').index(i));
}

function checkResource({ name, version, resource }: RawResource, at: Violations): void {
  if (!name) at.field('name').add('cannot be empty');
  if (!version) at.field('version').add('cannot be empty');
  if (!resource) {
    at.field('resource').add('cannot be empty');
    return;
  }
  const read = readEnvoyValue(resource);
  if ('problem' in read) at.field('resource').add(`native Envoy resource is not valid: ${read.problem}`);
  else if (String(read.value['@type']).endsWith('.Cluster'))
    checkEnvoyValue(resource, { message: 'Cluster', whole: true }, at.field('resource'));
}

function checkModification(modification: TemplateModification, at: Violations): void {
  const { cluster, listener, networkFilter, httpFilter, virtualHost } = modification;
  if (Object.keys(modification).length > 1) at.add('must have only one type of modification');
  if (cluster) checkWhole('Cluster', cluster, at.field('cluster'));
  if (listener) checkWhole('Listener', listener, at.field('listener'));
  if (networkFilter) checkFilter('Filter', networkFilter, at.field('networkFilter'));
  if (httpFilter) checkFilter('HttpFilter', httpFilter, at.field('httpFilter'));
  if (!virtualHost) return;
  const host = at.field('virtualHost');
  if (virtualHost.operation === 'add' && virtualHost.match?.name) host.field('match').field('name').add('cannot be defined');
  checkChange('VirtualHost', virtualHost, host);
}

function checkWhole(message: EnvoyMessage, change: TemplateChange, at: Violations): void {
  if (change.operation === 'add' && change.match) at.field('match').add('cannot be defined');
  checkChange(message, change, at);
}

function checkFilter(message: EnvoyMessage, change: TemplateChange, at: Violations): void {
  const { operation, match } = change;
  const name = at.field('match').field('name');
  if (!match?.name && operation === 'addBefore') name.add('cannot be empty. You need to pick a filter before which this one will be added');
  if (!match?.name && operation === 'addAfter') name.add('cannot be empty. You need to pick a filter after which this one will be added');
  if (!match?.name && operation === 'patch') name.add('cannot be empty');
  checkChange(message, change, at);
}

function checkChange(message: EnvoyMessage, { operation = '', value = '' }: TemplateChange, at: Violations): void {
  const known = message === 'Filter' || message === 'HttpFilter' ? FILTER_OPERATIONS : OPERATIONS;
  if (!known.includes(operation)) {
    const names = known.map((name) => `"${name}"`).join(', ');
    at.field('operation').add(`invalid operation. Available operations: ${names}`);
    return;
  }
  if (operation === 'remove') return;
  const whole = operation !== 'patch';
  checkEnvoyValue(value === '' ? '{}' : value, { message, whole }, at.field('value'));
}

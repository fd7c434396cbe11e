import { TAG_SERVICE, type Violations } from '@mesh/core';
import { checkSelectorTags, type Tags } from '@mesh/resources';
import { checkConnections } from '../sdk/connection-policy.js';
import type { HeaderModify, HttpRule, LoadBalancerSpec, Modify, RouteMatch, Split, StringMatcher, TrafficRouteSpec } from './schema.js';

/** Rules of contract/rest-api.md §8. */
export function validateTrafficRoute(spec: TrafficRouteSpec, violations: Violations): void {
  const { conf } = spec;
  checkConnections(spec, violations);
  const at = violations.field('conf');
  if (!conf) {
    at.add('cannot be empty');
    return;
  }
  checkTarget(conf, at);
  if (conf.loadBalancer) checkLoadBalancer(conf.loadBalancer, at.field('loadBalancer'));
  for (const [i, rule] of (conf.http ?? []).entries()) checkHttp(rule, at.field('http').index(i));
}

function checkTarget({ split = [], destination }: { split?: readonly Split[]; destination?: Tags }, at: Violations): void {
  const hasDestination = Object.keys(destination ?? {}).length > 0;
  if (split.length > 0 && hasDestination) at.add('"split" cannot be defined at the same time as "destination"');
  else if (split.length === 0 && !hasDestination) at.add('requires either "destination" or "split"');
  if (hasDestination) checkDestination(destination ?? {}, at.field('destination'));
  for (const [i, part] of split.entries()) {
    if (part.weight === undefined) at.field('split').index(i).field('weight').add('needs to be defined');
    checkDestination(part.destination ?? {}, at.field('split').index(i).field('destination'));
  }
  if (split.length > 0 && split.reduce((sum, part) => sum + (part.weight ?? 0), 0) === 0) {
    at.field('split').add('there must be at least one split entry with weight above 0');
  }
}

function checkDestination(tags: Tags, at: Violations): void {
  checkSelectorTags(tags, at);
  if (Object.keys(tags).length > 0 && tags[TAG_SERVICE] === undefined) at.add(`mandatory tag "${TAG_SERVICE}" is missing`);
}

function checkLoadBalancer({ leastRequest, ringHash }: LoadBalancerSpec, at: Violations): void {
  if (leastRequest?.choiceCount === 1) at.field('leastRequest').field('choiceCount').add('value must be greater than or equal to 2');
  if (ringHash?.hashFunction && ringHash.hashFunction !== 'XX_HASH' && ringHash.hashFunction !== 'MURMUR_HASH_2') {
    at.field('ringHash').field('hashFunction').add('must be one of: XX_HASH, MURMUR_HASH_2');
  }
}

function checkHttp(rule: HttpRule, at: Violations): void {
  checkMatch(rule.match ?? {}, at.field('match'));
  if (rule.modify) checkModify(rule.modify, rule.match ?? {}, at.field('modify'));
  checkTarget(rule, at);
}

function checkMatch({ method, path, headers = {} }: RouteMatch, at: Violations): void {
  if (!method && !path && Object.keys(headers).length === 0) {
    at.add('must be present and contain at least one of the elements: "method", "path" or "headers"');
  }
  if (method) checkMatcher(method, at.field('method'));
  if (path) checkMatcher(path, at.field('path'));
  for (const [name, matcher] of Object.entries(headers)) {
    if (name === '') at.field('headers').key(name).add('cannot be empty');
    checkMatcher(matcher, at.field('headers').key(name));
  }
}

function checkMatcher({ prefix, exact, regex }: StringMatcher, at: Violations): void {
  const given = [prefix, exact, regex].filter((value) => value !== undefined).length;
  if (given !== 1) at.add('exactly one of "prefix", "exact" or "regex" must be set');
  if (prefix === '') at.field('prefix').add('cannot be empty');
  if (regex === '') at.field('regex').add('cannot be empty');
}

function checkModify({ path, host, requestHeaders, responseHeaders }: Modify, match: RouteMatch, at: Violations): void {
  if (path) {
    if ((path.rewritePrefix === undefined) === (path.regex === undefined))
      at.field('path').add('either "rewritePrefix" or "regex" has to be set');
    if (path.rewritePrefix === '') at.field('path').field('rewritePrefix').add('cannot be empty');
    if (path.rewritePrefix !== undefined && !match.path?.prefix)
      at.field('path').field('rewritePrefix').add('can only be set when .http.match.path.prefix is not empty');
    if (path.regex) checkRegex(path.regex, at.field('path').field('regex'));
  }
  if (host) {
    if ((host.value === undefined) === (host.fromPath === undefined)) at.field('host').add('either "value" or "fromPath" has to be set');
    if (host.value === '') at.field('host').field('value').add('cannot be empty');
    if (host.fromPath) checkRegex(host.fromPath, at.field('host').field('fromPath'));
  }
  if (requestHeaders) checkHeaders(requestHeaders, at.field('requestHeaders'));
  if (responseHeaders) checkHeaders(responseHeaders, at.field('responseHeaders'));
}

function checkRegex(regex: { readonly pattern?: string; readonly substitution?: string }, at: Violations): void {
  if (!regex.pattern) at.field('pattern').add('cannot be empty');
  if (!regex.substitution) at.field('substitution').add('cannot be empty');
}

function checkHeaders({ add = [], remove = [] }: HeaderModify, at: Violations): void {
  for (const [i, header] of add.entries()) {
    checkHeaderName(header.name ?? '', at.field('add').index(i).field('name'));
    if (!header.value) at.field('add').index(i).field('value').add('cannot be empty');
  }
  for (const [i, header] of remove.entries()) checkHeaderName(header.name ?? '', at.field('remove').index(i).field('name'));
}

function checkHeaderName(name: string, at: Violations): void {
  if (name === '') at.add('cannot be empty');
  if (name.startsWith(':') || name.toLowerCase() === 'host') at.add('host header and HTTP/2 pseudo-headers are not allowed to be modified');
}

import type { Violations } from '@mesh/core';
import { checkPort, checkSelectorTags, checkServiceTag } from '@mesh/resources';
import { checkPercent } from '../sdk/connection-policy.js';
import { checkServiceSelectors } from '../sdk/selectors.js';
import type {
  GatewayBackend,
  GatewayFilter,
  GatewayHeaderFilter,
  GatewayHeaderMatch,
  GatewayMatch,
  GatewayRedirect,
  GatewayRule,
  MeshGatewayRouteSpec,
} from './schema.js';

/** Rules of contract/policies.md §1.2. Some paths are spelt in snake case on the wire. */
export function validateMeshGatewayRoute({ selectors, conf }: MeshGatewayRouteSpec, violations: Violations): void {
  checkServiceSelectors(selectors, violations.field('selectors'));
  const at = violations.field('conf');
  if (!conf?.http && !conf?.tcp) {
    at.add('cannot be empty');
    return;
  }
  if (conf.http && conf.tcp) at.add('only one of "http" and "tcp" can be set');
  if (!conf.http) return;
  const rules = conf.http.rules ?? [];
  if (rules.length === 0) at.field('http').field('rules').add('cannot be empty');
  for (const [i, rule] of rules.entries()) checkRule(rule, at.field('http').field('rules').index(i));
}

function checkRule({ matches = [], filters = [], backends = [] }: GatewayRule, at: Violations): void {
  if (matches.length === 0) {
    at.field('matches').add('cannot be empty');
    return;
  }
  for (const [i, match] of matches.entries()) checkMatch(match, at.field('matches').index(i));
  const onPrefix = matches.every(({ path }) => path?.match === 'PREFIX');
  for (const [i, filter] of filters.entries()) checkFilter(filter, onPrefix, at.field('filters').index(i));
  const redirects = filters.some(({ redirect }) => redirect);
  if (redirects && filters.length > 1) at.field('filters').add('redirects cannot be used with other filters');
  if (!redirects && backends.length === 0) at.field('backends').add('cannot be empty');
  for (const [i, backend] of backends.entries()) checkBackend(backend, at.field('backends').index(i));
}

function checkMatch({ path, method, headers = [], queryParameters = [] }: GatewayMatch, at: Violations): void {
  if (!path && !method && headers.length + queryParameters.length === 0) at.add('cannot be empty');
  const value = path?.value ?? '';
  if (path?.match === 'REGEX') {
    if (value === '') at.field('value').add('cannot be empty');
  } else if (path && !value.startsWith('/')) at.field('value').add('must be an absolute path');
  for (const [i, header] of headers.entries()) checkHeaderMatch(header, at.field('headers').index(i));
  for (const [i, query] of queryParameters.entries()) {
    const field = at.field('query_parameters').index(i);
    if (!query.name) field.field('name').add('cannot be empty');
    if (!query.value) field.field('value').add('cannot be empty');
  }
}

function checkHeaderMatch({ match, name, value }: GatewayHeaderMatch, at: Violations): void {
  if (!name) at.field('name').add('cannot be empty');
  const bare = match === 'PRESENT' || match === 'ABSENT';
  if (bare && value) at.field('value').add('cannot be set');
  if (!bare && !value) at.field('value').add('cannot be empty');
}

function checkFilter(filter: GatewayFilter, onPrefix: boolean, at: Violations): void {
  const { requestHeader, responseHeader, mirror, redirect, rewrite } = filter;
  if (Object.keys(filter).length > 1) at.add('must have only one type of filter');
  for (const path of [rewrite, redirect?.path]) {
    if (path?.replaceFull !== undefined && path.replacePrefixMatch !== undefined)
      at.add('must have only one of replaceFull and replacePrefixMatch');
  }
  if (requestHeader && Object.keys(requestHeader).length === 0) at.field('request_header').add('cannot be empty');
  if (requestHeader) checkHeaders(requestHeader, at.field('request_header'));
  if (responseHeader) checkHeaders(responseHeader, at.field('response_header'));
  if (mirror) {
    const field = at.field('mirror');
    if (mirror.percentage === undefined) field.field('percentage').add('cannot be empty');
    checkPercent(mirror.percentage, field.field('percentage'));
    if (mirror.backend) checkBackend(mirror.backend, field.field('backend'));
    else field.field('backend').add('cannot be empty');
  }
  if (redirect) checkRedirect(redirect, at.field('redirect'));
  if (rewrite?.replacePrefixMatch !== undefined && !onPrefix) {
    at.field('rewrite').field('replacePrefixMatch').add('cannot be used without a match on path prefix');
  }
}

function checkHeaders({ set = [], add = [], remove = [] }: GatewayHeaderFilter, at: Violations): void {
  for (const [list, headers] of Object.entries({ set, add })) {
    for (const [i, { name, value }] of headers.entries()) {
      if (!name) at.field(list).index(i).field('name').add('cannot be empty');
      if (!value) at.field(list).index(i).field('value').add('cannot be empty');
    }
  }
  for (const [i, name] of remove.entries()) if (name === '') at.field('remove').index(i).add('cannot be empty');
}

function checkRedirect({ port, statusCode = 0 }: GatewayRedirect, at: Violations): void {
  if (port !== undefined) checkPort(port, at.field('port'));
  if (statusCode < 300 || statusCode > 308) at.field('status_code').add('must be in the range [300, 308]');
}

function checkBackend({ destination }: GatewayBackend, at: Violations): void {
  checkSelectorTags(destination, at);
  checkServiceTag(destination, at);
}

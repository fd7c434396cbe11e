import { TAG_SERVICE } from '@mesh/core';
import type { Tags } from '@mesh/resources';
import { isHttpBased, type Matched, type PolicyPlugin, protocolOfService } from '@mesh/xds';
import { backendTags } from '../sdk/backend-ref.js';
import { type MatchedPolicies, matchPolicies } from '../sdk/matching.js';
import { routesToService } from './routes.js';
import type { MeshHttpRouteSpec } from './schema.js';

interface MatchedHttpRoutes extends Matched {
  readonly policies: MatchedPolicies<MeshHttpRouteSpec>;
}

/** Effect in Envoy: the routes of outbounds whose destination speaks HTTP. */
export const meshHttpRoutePlugin: PolicyPlugin<MatchedHttpRoutes> = {
  match(context, proxy) {
    const policies = matchPolicies<MeshHttpRouteSpec>(context, proxy, 'MeshHTTPRoute');
    return { policies, outboundKey: policies.key };
  },

  routes({ policies }, { context, service, protocol }) {
    if (!isHttpBased(protocol) || policies.all.length === 0) return undefined;
    const isHttp = ({ tags }: { readonly tags: Tags }) => isHttpBased(protocolOfService(context, tags[TAG_SERVICE] ?? ''));
    const routes = routesToService(policies.all, service, isHttp);
    return routes ? { type: 'http', routes } : 'implicit';
  },

  destinations(context) {
    const confs = context
      .policies<MeshHttpRouteSpec>('MeshHTTPRoute')
      .flatMap(({ spec }) => (spec.to ?? []).flatMap((entry) => (entry.rules ?? []).map((rule) => rule.default)));
    const refs = confs.flatMap(({ backendRefs = [], filters = [] }) => [
      ...backendRefs,
      ...filters.flatMap((filter) => (filter.requestMirror ? [filter.requestMirror.backendRef] : [])),
    ]);
    return refs.map(backendTags).filter((tags): tags is Tags => tags !== undefined);
  },
};

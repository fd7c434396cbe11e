import type { ApiContext } from '../context.js';
import type { Route } from '../http/route.js';
import { configRoutes } from './config-route.js';
import { gatewayDataplaneRoutes } from './gateway-dataplanes.js';
import { hostnameRoutes } from './hostnames.js';
import { layoutRoutes } from './layout.js';
import { legacyInspectRoutes } from './legacy-routes.js';
import { policyDataplaneRoutes } from './policy-dataplanes.js';
import { rulesRoutes } from './rules-route.js';

/** What policies do to proxies, asked from the side of either (contract/rest-api.md §3). */
export function inspectRoutes(context: ApiContext): Route[] {
  return [
    ...rulesRoutes(context),
    ...configRoutes(context),
    ...legacyInspectRoutes(context),
    ...layoutRoutes(context),
    ...gatewayDataplaneRoutes(context),
    ...context.registry.all.flatMap((descriptor) => [
      ...policyDataplaneRoutes(context, descriptor),
      ...hostnameRoutes(context, descriptor),
    ]),
  ];
}

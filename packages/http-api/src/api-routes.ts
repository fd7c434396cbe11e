import { type ControlPlane, ResourceView } from '@mesh/core';
import { auditRoutes } from './audit/routes.js';
import { type ApiContext, createContext } from './context.js';
import { convergenceRoutes } from './convergence/routes.js';
import { heldRemovalsRoutes } from './held-removals/routes.js';
import type { Route, RouteGroup } from './http/route.js';
import { inspectRoutes } from './inspect/routes.js';
import { catalogRoutes } from './meta/catalog.js';
import { globalInsightRoutes } from './meta/global-insight.js';
import { guiRoutes } from './meta/gui.js';
import { indexRoutes } from './meta/index-page.js';
import { kriRoutes } from './meta/kri.js';
import { type OpenApiDocument, openApiDocument } from './openapi/document.js';
import { openApiRoutes } from './openapi/routes.js';
import { TOKEN_DOCS } from './openapi/token-docs.js';
import type { ApiServerOptions } from './options.js';
import { proxyAdminRoutes } from './proxies/routes.js';
import { resourceRoutes } from './resources/routes.js';
import { serviceInsightRoutes } from './resources/service-insights.js';
import { tokenRoutes } from './tokens/routes.js';

/**
 * Everything the API serves. Routes of resources come from the descriptors alone; where a special
 * route has the same template, the special one is served.
 */
export function apiRoutes(context: ApiContext): RouteGroup[] {
  const placed = describedRoutes(context);
  const openApi = { name: 'OpenApi', routes: openApiRoutes(context, placed) };
  return [...placed, ...withoutRepeats([openApi], context.config.apiServer.basePath)];
}

/** The OpenAPI document of an API of these kinds and settings, without serving it: for generators of clients. */
export function describeApi(options: Pick<ApiServerOptions, 'registry' | 'config'>): OpenApiDocument {
  // Routes look at the control plane when they are asked, and these never are.
  const controlPlane = { view: new ResourceView() } as ControlPlane;
  return openApiDocument(describedRoutes(createContext({ ...options, controlPlane })), options.registry);
}

function describedRoutes(context: ApiContext): RouteGroup[] {
  const groups: RouteGroup[] = [
    { name: 'Index', routes: indexRoutes(context) },
    { name: 'Catalog', routes: catalogRoutes(context) },
    { name: 'GlobalInsight', routes: globalInsightRoutes(context) },
    { name: 'Gui', routes: guiRoutes(context) },
    { name: 'Kri', routes: kriRoutes(context) },
    { name: 'Tokens', routes: tokenRoutes(context).map(withTokenDocs) },
    { name: 'ProxyAdmin', routes: proxyAdminRoutes(context) },
    { name: 'ServiceInsights', routes: serviceInsightRoutes(context) },
    { name: 'Convergence', routes: convergenceRoutes(context) },
    { name: 'Audit', routes: auditRoutes(context) },
    { name: 'HeldRemovals', routes: heldRemovalsRoutes(context) },
    { name: 'Inspect', routes: inspectRoutes(context) },
    ...context.registry.all.map((descriptor) => ({ name: descriptor.kind, routes: resourceRoutes(context, descriptor) })),
  ];
  return withoutRepeats(groups, context.config.apiServer.basePath);
}

/** Routes of tokens are described from outside, by their templates. */
function withTokenDocs(route: Route): Route {
  const docs = Object.hasOwn(TOKEN_DOCS, route.template) ? TOKEN_DOCS[route.template] : undefined;
  return docs && !route.docs ? { ...route, docs } : route;
}

/** Places routes below the base path. Of routes with one template the methods are put together, the first one winning. */
function withoutRepeats(groups: readonly RouteGroup[], basePath: string): RouteGroup[] {
  const base = basePath.replace(/\/+$/, '');
  const byTemplate = new Map<string, { group: string; route: Route }>();
  for (const { name, routes } of groups) {
    for (const route of routes) {
      const template = route.absolute ? route.template : `${base}${route.template}`.replace(/(.)\/$/, '$1');
      const known = byTemplate.get(template);
      const methods = { ...route.methods, ...known?.route.methods };
      const docs = route.docs || known?.route.docs ? { docs: { ...route.docs, ...known?.route.docs } } : {};
      byTemplate.set(template, { group: known?.group ?? name, route: { ...route, ...known?.route, template, methods, ...docs } });
    }
  }
  const placed = [...byTemplate.values()];
  return groups.map(({ name }) => ({ name, routes: placed.filter(({ group }) => group === name).map(({ route }) => route) }));
}

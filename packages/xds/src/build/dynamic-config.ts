import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { type Listener, ListenerSchema } from '@mesh/proto/envoy/config/listener/v3/listener_pb.js';
import { RouteSchema } from '@mesh/proto/envoy/config/route/v3/route_components_pb.js';
import { RouterSchema } from '@mesh/proto/envoy/extensions/filters/http/router/v3/router_pb.js';
import { HttpConnectionManagerSchema } from '@mesh/proto/envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager_pb.js';
import { sanitizeStat } from '../model/names.js';
import { named, pipeAddress } from './messages.js';

/** Name of the listener from which kuma-dp reads what the control plane has for it. */
export const DYNAMIC_CONFIG_NAME = '_kuma:dynamicconfig';
const SOCKET = 'kuma-mesh-metric-config';
/** Longer paths than a Unix socket can have are cut, by kuma-dp too. */
const SOCKET_CHARS_MAX = 98;

/** One document for kuma-dp. */
export interface DynamicConfigPage {
  /** `/dns` */
  readonly path: string;
  readonly body: string;
}

/**
 * A listener on a Unix socket in the working directory of kuma-dp, which asks it every second
 * (contract/dataplane.md §1.5): each page has an ETag, so that one it knows costs nothing.
 */
export function dynamicConfigListener(workdir: string, pages: readonly DynamicConfigPage[]): Listener {
  const manager = create(HttpConnectionManagerSchema, {
    statPrefix: sanitizeStat(DYNAMIC_CONFIG_NAME),
    httpFilters: [
      {
        name: 'envoy.filters.http.router',
        configType: { case: 'typedConfig', value: named('envoy.filters.http.router', RouterSchema, create(RouterSchema)).config },
      },
    ],
    routeSpecifier: {
      case: 'routeConfig',
      value: {
        maxDirectResponseBodySizeBytes: Math.max(...pages.map((page) => Buffer.byteLength(page.body))),
        virtualHosts: [{ name: DYNAMIC_CONFIG_NAME, domains: ['*'], routes: pages.flatMap(routesOfPage) }],
      },
    },
  });
  const filter = named('envoy.filters.network.http_connection_manager', HttpConnectionManagerSchema, manager);
  return create(ListenerSchema, {
    name: DYNAMIC_CONFIG_NAME,
    address: pipeAddress(`${join(workdir, SOCKET).slice(0, SOCKET_CHARS_MAX)}.sock`),
    filterChains: [{ filters: [{ name: filter.name, configType: { case: 'typedConfig', value: filter.config } }] }],
  });
}

function routesOfPage({ path, body }: DynamicConfigPage) {
  const etag = createHash('sha256').update(body).digest('hex');
  const pathSpecifier = { case: 'path' as const, value: path };
  const matchPattern = { case: 'exact' as const, value: etag };
  const isKnown = { name: 'If-None-Match', headerMatchSpecifier: { case: 'stringMatch' as const, value: { matchPattern } } };
  return [
    create(RouteSchema, { match: { pathSpecifier, headers: [isKnown] }, action: { case: 'directResponse', value: { status: 304 } } }),
    create(RouteSchema, {
      name: `${DYNAMIC_CONFIG_NAME}:${path}`,
      match: { pathSpecifier },
      action: { case: 'directResponse', value: { status: 200, body: { specifier: { case: 'inlineString', value: body } } } },
      responseHeadersToAdd: [{ header: { key: 'Etag', value: etag } }],
    }),
  ];
}

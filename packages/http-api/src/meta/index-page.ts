import { type ControlPlaneInfo, PRODUCT, VERSION } from '@mesh/core';
import type { ConfigSpec } from '@mesh/resources';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';
import { META_DOCS } from './docs.js';

const PRODUCES = ['application/json'];
/** Config resource the global shares with its zones. */
const CLUSTER_ID = 'kuma-cluster-id';

/** `/`, `/config` and `/who-am-i` (contract/rest-api.md §2.5). */
export function indexRoutes(context: ApiContext): Route[] {
  return [
    {
      template: '/',
      produces: PRODUCES,
      docs: { GET: META_DOCS.index },
      methods: { GET: handler('Could not retrieve the index', async () => json(await describeServer(context))) },
    },
    {
      template: '/config',
      produces: PRODUCES,
      docs: { GET: META_DOCS.config },
      methods: {
        GET: handler('Could not retrieve the configuration', async ({ identity }) => {
          context.access.require('controlPlaneMetadata', identity, 'control plane metadata');
          return { status: 200, contentType: 'application/json', body: await context.controlPlane.config() };
        }),
      },
    },
    {
      template: '/who-am-i',
      produces: PRODUCES,
      docs: { GET: META_DOCS.whoAmI },
      methods: { GET: handler('Could not tell who you are', ({ identity: { name, groups } }) => json({ name, groups })) },
    },
  ];
}

async function describeServer(context: ApiContext): Promise<object> {
  const info = await context.info();
  return {
    clusterId: context.controlPlane.view.find<ConfigSpec>('Config', '', CLUSTER_ID)?.spec.config ?? '',
    gui: guiUrl(context, info),
    hostname: info.hostname,
    instanceId: info.instanceId,
    product: PRODUCT,
    version: VERSION,
  };
}

/** Where the web page is; empty where there is none: switched off, or a zone that has a global. */
function guiUrl(context: ApiContext, info: ControlPlaneInfo): string {
  const { gui } = context.config.apiServer;
  if (!gui.enabled || info.federated) return '';
  return gui.rootUrl || gui.basePath;
}

import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

type Json = Readonly<Record<string, unknown>>;

/** Resources of one proxy as protobuf JSON, by the last part of their type. */
export interface ProxyResources {
  readonly Cluster?: readonly object[];
  readonly ClusterLoadAssignment?: readonly object[];
  readonly Listener?: readonly object[];
  readonly RouteConfiguration?: readonly object[];
  readonly Secret?: readonly object[];
}

/**
 * The Envoy binary: `ENVOY_PATH`, `envoy` on the PATH, or the one `npm test` fetched into `.cache/envoy`
 * at the root of the repository. Throws with what to do where there is none: configurations that
 * Envoy has not accepted are not tested.
 */
export function findEnvoy(): string {
  const candidates = [
    process.env.ENVOY_PATH,
    ...(process.env.PATH ?? '').split(delimiter).map((dir) => join(dir, 'envoy')),
    ...cachedEnvoys(process.cwd()),
  ];
  const found = candidates.find((candidate) => candidate !== undefined && isExecutable(candidate));
  if (!found) throw new Error('no Envoy found: set ENVOY_PATH, or run `npm test` once, which fetches it');
  return found;
}

/**
 * Asks the real Envoy whether it accepts the resources, put into a static bootstrap: clusters and
 * secrets keep getting endpoints and certificates over ADS. Returns what it objected to.
 */
export async function validateWithEnvoy(name: string, resources: ProxyResources): Promise<string | undefined> {
  const dir = await mkdtemp(join(tmpdir(), 'mesh-envoy-'));
  try {
    const file = join(dir, 'bootstrap.json');
    await writeFile(file, JSON.stringify(staticBootstrap(name, resources)));
    await run(findEnvoy(), ['--mode', 'validate', '--config-path', file, '--log-level', 'error']);
    return undefined;
  } catch (error) {
    const { stderr, message } = error as { stderr?: string; message: string };
    return `${name}: ${stderr || message}`;
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** A bootstrap with all the resources in it; routes that listeners take over RDS are put into the listeners. */
export function staticBootstrap(name: string, resources: ProxyResources): Json {
  return {
    node: { id: name, cluster: 'validate' },
    dynamicResources: {
      adsConfig: { apiType: 'GRPC', transportApiVersion: 'V3', grpcServices: [{ envoyGrpc: { clusterName: 'ads_cluster' } }] },
    },
    staticResources: {
      listeners: withRoutes(resources),
      secrets: resources.Secret ?? [],
      clusters: [
        ...(resources.Cluster ?? []),
        {
          name: 'ads_cluster',
          type: 'STATIC',
          connectTimeout: '1s',
          typedExtensionProtocolOptions: {
            'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
              '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
              explicitHttpConfig: { http2ProtocolOptions: {} },
            },
          },
          loadAssignment: {
            clusterName: 'ads_cluster',
            endpoints: [{ lbEndpoints: [{ endpoint: { address: { socketAddress: { address: '127.0.0.1', portValue: 5678 } } } }] }],
          },
        },
      ],
    },
  };
}

/** A static bootstrap cannot hold route configurations of their own. */
function withRoutes({ Listener = [], RouteConfiguration = [] }: ProxyResources): readonly object[] {
  const byName = new Map(RouteConfiguration.map((config) => [(config as { name?: string }).name, config]));
  return JSON.parse(JSON.stringify(Listener), (_key, value: { rds?: { routeConfigName?: string } } | null) => {
    const name = value?.rds?.routeConfigName;
    if (name === undefined) return value;
    const routeConfig = byName.get(name);
    if (!routeConfig) throw new Error(`there are no routes "${name}"`);
    const { rds: _, ...manager } = value as object & { rds: unknown };
    return { ...manager, routeConfig };
  });
}

const run = promisify(execFile);

function cachedEnvoys(from: string): string[] {
  for (let dir = from; ; dir = dirname(dir)) {
    if (existsSync(join(dir, 'pnpm-workspace.yaml'))) {
      const cache = join(dir, '.cache', 'envoy');
      return listDirs(cache).map((version) => join(version, 'envoy', '_bin', 'envoy'));
    }
    if (dirname(dir) === dir) return [];
  }
}

/** The fetched versions, newest first. */
function listDirs(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir)
    .sort()
    .reverse()
    .map((name) => join(dir, name));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

import type { ApiClient } from '@mesh/api-client';
import { type Command, Option } from 'commander';
import { dataOf } from '../client/open.js';
import { pathOf } from '../client/paths.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { collect } from '../options.js';
import { outputFormat, printRaw } from '../output/print.js';
import { Session } from '../session.js';
import { type MatchedPolicies, matchedPoliciesText } from './matched.js';

/** What `--type` asks an Envoy for. */
const OF_ENVOYS: Readonly<Record<string, string>> = { 'config-dump': 'xds', stats: 'stats', clusters: 'clusters' };

interface ProxyOptions {
  readonly mesh: string;
  readonly output?: string;
  readonly type: string;
  readonly includeEds?: boolean;
  readonly configDump?: boolean;
  readonly shadow?: boolean;
  readonly include?: readonly string[];
}

interface ProxyCommand {
  readonly name: string;
  readonly kind: string;
  readonly inMesh: boolean;
  /** Path of what its Envoy says; those without a mesh leave the parameter out. */
  readonly envoyPath: typeof ENVOY_PATH;
}

const ENVOY_PATH = '/meshes/{mesh}/dataplanes/{name}/{what}';

const PROXIES: readonly ProxyCommand[] = [
  { name: 'dataplane', kind: 'Dataplane', inMesh: true, envoyPath: ENVOY_PATH },
  { name: 'zoneingress', kind: 'ZoneIngress', inMesh: false, envoyPath: '/zoneingresses/{name}/{what}' as typeof ENVOY_PATH },
  { name: 'zoneegress', kind: 'ZoneEgress', inMesh: false, envoyPath: '/zoneegresses/{name}/{what}' as typeof ENVOY_PATH },
];

/** `kumactl inspect dataplane|zoneingress|zoneegress NAME`: what one proxy has, and why. */
export function addProxyCommands(inspect: Command, io: Io): void {
  for (const proxy of PROXIES) addProxy(inspect, proxy, io);
}

function addProxy(inspect: Command, proxy: ProxyCommand, io: Io): void {
  const types = proxy.inMesh ? ['policies', ...Object.keys(OF_ENVOYS), 'config'] : Object.keys(OF_ENVOYS);
  const command = inspect
    .command(proxy.name)
    .description(`Inspect ${proxy.kind}`)
    .argument('<name>')
    .option('--type <string>', `inspection type: one of ${types.join('|')}`, types[0])
    .option('--include-eds', 'include endpoints in the config dump')
    .addOption(new Option('--config-dump', 'the same as --type=config-dump').hideHelp());
  if (proxy.inMesh) {
    command
      .option('-m, --mesh <string>', 'mesh to use', 'default')
      .option('--shadow', "with --type=config: as if policies with the label 'kuma.io/effect: shadow' were in effect")
      .option('--include <strings>', 'with --type=config: diff adds what would change, as JSON patch', collect);
  }
  command.action(async (name: string, _options: unknown, self: Command) => {
    const options = self.optsWithGlobals<ProxyOptions>();
    const type = options.configDump ? 'config-dump' : options.type;
    if (!types.includes(type)) throw new UserError(`invalid inspection type "${type}", use one of ${types.join(', ')}`);
    const format = outputFormat(options.output);
    const client = await new Session(self, io).connect();
    const text = await ask(client, proxy, { type, name, options, format });
    if (type === 'policies' && format === 'table') return io.out(matchedPoliciesText(JSON.parse(text) as MatchedPolicies));
    io.out(printRaw(text, format));
  });
}

interface Question {
  readonly type: string;
  readonly name: string;
  readonly options: ProxyOptions;
  readonly format: string;
}

/** The answer as it came: much of it is Envoy's own text. Statistics and clusters are JSON only where that is asked for. */
function ask(client: ApiClient, { envoyPath }: ProxyCommand, { type, name, options, format }: Question): Promise<string> {
  const { mesh, includeEds, shadow, include } = options;
  const path = pathOf({ mesh, name });
  const parseAs = 'text' as const;
  if (type === 'policies') return dataOf(client.GET('/meshes/{mesh}/dataplanes/{name}/policies', { params: { path }, parseAs }));
  if (type === 'config') {
    const query = { ...(shadow ? { shadow: 'true' } : {}), ...(include ? { include: include.join(',') } : {}) } as object;
    return dataOf(client.GET('/meshes/{mesh}/dataplanes/{name}/_config', { params: { path, query }, parseAs }));
  }
  const isText = type !== 'config-dump';
  const query = {
    ...(!isText && includeEds ? { include_eds: true } : {}),
    ...(isText && format !== 'table' ? { format: 'json' as const } : {}),
  };
  return dataOf(client.GET(envoyPath, { params: { path: { ...path, what: OF_ENVOYS[type] ?? '' }, query }, parseAs }));
}

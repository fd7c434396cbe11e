import { type Command, Option } from 'commander';
import { query, segment } from '../client/paths.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { collect } from '../options.js';
import { outputFormat, printRaw } from '../output/print.js';
import { Session } from '../session.js';
import { type MatchedPolicies, matchedPoliciesText } from './matched.js';

/** What `--type` asks for, and the path that tells it. */
const TYPES: Readonly<Record<string, string>> = {
  policies: '/policies',
  'config-dump': '/xds',
  stats: '/stats',
  clusters: '/clusters',
  config: '/_config',
};
/** What only sidecars have. */
const OF_SIDECARS = new Set(['policies', 'config']);

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
  readonly path: (name: string, mesh: string) => string;
}

const PROXIES: readonly ProxyCommand[] = [
  {
    name: 'dataplane',
    kind: 'Dataplane',
    inMesh: true,
    path: (name, mesh) => `/meshes/${segment(mesh, 'mesh')}/dataplanes/${segment(name, 'name')}`,
  },
  { name: 'zoneingress', kind: 'ZoneIngress', inMesh: false, path: (name) => `/zoneingresses/${segment(name, 'name')}` },
  { name: 'zoneegress', kind: 'ZoneEgress', inMesh: false, path: (name) => `/zoneegresses/${segment(name, 'name')}` },
];

/** `kumactl inspect dataplane|zoneingress|zoneegress NAME`: what one proxy has, and why. */
export function addProxyCommands(inspect: Command, io: Io): void {
  for (const proxy of PROXIES) addProxy(inspect, proxy, io);
}

function addProxy(inspect: Command, proxy: ProxyCommand, io: Io): void {
  const types = Object.keys(TYPES).filter((type) => proxy.inMesh || !OF_SIDECARS.has(type));
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
    const { text } = await client.call('GET', `${proxy.path(name, options.mesh)}${TYPES[type]}${parametersOf(type, { options, format })}`);
    if (type === 'policies' && format === 'table') return io.out(matchedPoliciesText(JSON.parse(text) as MatchedPolicies));
    io.out(printRaw(text, format));
  });
}

/** Statistics and clusters are Envoy's text, unless JSON or YAML is asked for. */
function parametersOf(type: string, { options, format }: { options: ProxyOptions; format: string }): string {
  const isText = type === 'stats' || type === 'clusters';
  return query([
    ['include_eds', type === 'config-dump' && options.includeEds ? 'true' : undefined],
    ['shadow', type === 'config' && options.shadow ? 'true' : undefined],
    ['include', type === 'config' ? options.include?.join(',') : undefined],
    ['format', isText && format !== 'table' ? 'json' : undefined],
  ]);
}

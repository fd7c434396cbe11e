import type { Command } from 'commander';
import { query, segment } from '../client/paths.js';
import type { ListDocument } from '../documents.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { collect, readPairs } from '../options.js';
import { outputFormat, printList } from '../output/print.js';
import { Session } from '../session.js';
import { dataplanesTable, meshesTable, servicesTable, type TablePrinter, zoneProxiesTable, zonesTable } from './tables.js';

interface InspectOptions {
  readonly mesh: string;
  readonly output?: string;
  readonly tag?: readonly string[];
  readonly gateway?: boolean;
  readonly ingress?: boolean;
}

interface ListCommand {
  readonly name: string;
  readonly aliases?: readonly string[];
  readonly description: string;
  readonly inMesh?: boolean;
  readonly path: (options: InspectOptions) => string;
  readonly print: TablePrinter;
}

const inMesh = (mesh: string): string => `/meshes/${segment(mesh, 'mesh')}`;

const LISTS: readonly ListCommand[] = [
  { name: 'zones', description: 'Inspect Zones', path: () => '/zones/_overview', print: zonesTable },
  {
    name: 'zoneingresses',
    aliases: ['zone-ingresses'],
    description: 'Inspect Zone Ingresses',
    path: () => '/zoneingresses/_overview',
    print: zoneProxiesTable('zoneIngressInsight'),
  },
  {
    name: 'zoneegresses',
    aliases: ['zone-egresses'],
    description: 'Inspect Zone Egresses',
    path: () => '/zoneegresses/_overview',
    print: zoneProxiesTable('zoneEgressInsight'),
  },
  { name: 'meshes', description: 'Inspect Meshes', path: () => '/mesh-insights', print: meshesTable },
  {
    name: 'services',
    description: 'Inspect Services',
    inMesh: true,
    path: ({ mesh }) => `${inMesh(mesh)}/service-insights`,
    print: servicesTable,
  },
  {
    name: 'dataplanes',
    description: 'Inspect Dataplanes',
    inMesh: true,
    path: (options) => `${inMesh(options.mesh)}/dataplanes/_overview${dataplaneQuery(options)}`,
    print: dataplanesTable,
  },
];

/** `kumactl inspect`: the state of things, not what users wrote. */
export function addInspectCommands(root: Command, io: Io): void {
  const inspect = root
    .command('inspect')
    .description('Inspect Kuma resources')
    .option('-o, --output <format>', 'output format: one of table|yaml|json', 'table');
  for (const list of LISTS) addList(inspect, { list, io });
  addProxy(inspect, { name: 'dataplane', path: (name, mesh) => `${inMesh(mesh)}/dataplanes/${segment(name, 'name')}`, inMesh: true, io });
  addProxy(inspect, { name: 'zoneingress', path: (name) => `/zoneingresses/${segment(name, 'name')}`, inMesh: false, io });
  addProxy(inspect, { name: 'zoneegress', path: (name) => `/zoneegresses/${segment(name, 'name')}`, inMesh: false, io });
}

function addList(inspect: Command, { list, io }: { list: ListCommand; io: Io }): void {
  const command = inspect
    .command(list.name)
    .aliases(list.aliases ?? [])
    .description(list.description)
    .allowExcessArguments(false);
  if (list.inMesh) command.option('-m, --mesh <mesh>', 'mesh to use', 'default');
  if (list.name === 'dataplanes') {
    command
      .option('--tag <key=value>', 'filter by tag, may be repeated', collect)
      .option('--gateway', 'filter gateway dataplanes')
      .option('--ingress', 'accepted for old scripts');
  }
  command.action(async (_options: unknown, self: Command) => {
    const session = new Session(self, io);
    const options = self.optsWithGlobals<InspectOptions>();
    const format = outputFormat(options.output);
    const client = await session.connect();
    const page = await client.getJson<ListDocument>(list.path(options));
    io.out(format === 'table' ? list.print(page.items, io.now()) : printList(page, format));
  });
}

function dataplaneQuery({ tag, gateway }: InspectOptions): string {
  const tags = [...readPairs(tag, 'tag')].map(([key, value]) => ['tag', `${key}:${value}`] as const);
  return query([...tags, ['gateway', gateway ? 'true' : undefined]]);
}

/** What `--type` asks for, and the path that tells it. */
const PROXY_TYPES: Readonly<Record<string, string>> = {
  policies: '/policies',
  'config-dump': '/xds',
  stats: '/stats',
  clusters: '/clusters',
  config: '/_config',
};

interface ProxyOptions {
  readonly mesh: string;
  readonly type?: string;
  readonly includeEds?: boolean;
  readonly configDump?: boolean;
  readonly shadow?: boolean;
  readonly include?: readonly string[];
}

interface ProxyCommand {
  readonly name: string;
  readonly inMesh: boolean;
  readonly path: (name: string, mesh: string) => string;
  readonly io: Io;
}

function addProxy(inspect: Command, { name, path, inMesh: hasMesh, io }: ProxyCommand): void {
  const types = Object.keys(PROXY_TYPES).filter((type) => hasMesh || (type !== 'policies' && type !== 'config'));
  const command = inspect
    .command(name)
    .description(`Inspect a ${name}`)
    .argument('<name>')
    .option('--type <type>', `what to show: ${types.join(', ')}`)
    .option('--include-eds', 'include endpoints in the config dump')
    .option('--config-dump', 'the same as --type=config-dump');
  if (hasMesh)
    command
      .option('-m, --mesh <mesh>', 'mesh to use', 'default')
      .option('--shadow', 'use shadow policies')
      .option('--include <what>', 'diff', collect);
  command.action(async (proxy: string, _options: unknown, self: Command) => {
    const session = new Session(self, io);
    const options = self.optsWithGlobals<ProxyOptions>();
    const type = options.configDump ? 'config-dump' : (options.type ?? (hasMesh ? 'policies' : 'config-dump'));
    if (!types.includes(type)) throw new UserError(`unknown type "${type}", use one of ${types.join(', ')}`);
    const client = await session.connect();
    const parameters = query([
      ['include_eds', type === 'config-dump' && options.includeEds ? 'true' : undefined],
      ['shadow', type === 'config' && options.shadow ? 'true' : undefined],
      ['include', type === 'config' ? options.include?.join(',') : undefined],
    ]);
    const { text } = await client.call('GET', `${path(proxy, options.mesh)}${PROXY_TYPES[type]}${parameters}`);
    io.out(text.endsWith('\n') ? text : `${text}\n`);
  });
}

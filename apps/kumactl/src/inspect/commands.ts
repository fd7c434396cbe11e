import type { Command } from 'commander';
import { query, segment } from '../client/paths.js';
import type { ListDocument } from '../documents.js';
import type { Io } from '../io.js';
import { collect, readPairs } from '../options.js';
import { outputFormat, printList } from '../output/print.js';
import { Session } from '../session.js';
import { addPolicyCommands } from './policies.js';
import { addProxyCommands } from './proxies.js';
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
    .option('-o, --output <string>', 'output format: one of table|yaml|json', 'table');
  for (const list of LISTS) addList(inspect, { list, io });
  addProxyCommands(inspect, io);
  addPolicyCommands(inspect, io);
}

function addList(inspect: Command, { list, io }: { list: ListCommand; io: Io }): void {
  const command = inspect
    .command(list.name)
    .aliases(list.aliases ?? [])
    .description(list.description);
  if (list.inMesh) command.option('-m, --mesh <string>', 'mesh to use', 'default');
  if (list.name === 'dataplanes') {
    command
      .option('--tag <stringToString>', 'filter by tag in format of key=value. You can provide many tags', collect)
      .option('--gateway', 'filter gateway dataplanes')
      .option('--ingress', 'accepted for old scripts; ingresses are not dataplanes any more');
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

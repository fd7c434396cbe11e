import type { ApiClient } from '@mesh/api-client';
import type { Command } from 'commander';
import { pageOf } from '../client/open.js';
import { pathOf } from '../client/paths.js';
import type { ListDocument } from '../documents.js';
import type { Io } from '../io.js';
import { collect, readPairs } from '../options.js';
import { outputFormat, printList } from '../output/print.js';
import { Session } from '../session.js';
import { addPolicyCommands } from './policies.js';
import { addProxyCommands } from './proxies.js';
import {
  dataplanesTable,
  heldRemovalsTable,
  meshesTable,
  servicesTable,
  type TablePrinter,
  zoneProxiesTable,
  zonesTable,
} from './tables.js';

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
  readonly ask: (client: ApiClient, options: InspectOptions) => Promise<ListDocument>;
  readonly print: TablePrinter;
}

const LISTS: readonly ListCommand[] = [
  { name: 'zones', description: 'Inspect Zones', ask: (client) => pageOf(client.GET('/zones/_overview')), print: zonesTable },
  {
    name: 'zoneingresses',
    aliases: ['zone-ingresses'],
    description: 'Inspect Zone Ingresses',
    ask: (client) => pageOf(client.GET('/zoneingresses/_overview')),
    print: zoneProxiesTable('zoneIngressInsight'),
  },
  {
    name: 'zoneegresses',
    aliases: ['zone-egresses'],
    description: 'Inspect Zone Egresses',
    ask: (client) => pageOf(client.GET('/zoneegresses/_overview')),
    print: zoneProxiesTable('zoneEgressInsight'),
  },
  { name: 'meshes', description: 'Inspect Meshes', ask: (client) => pageOf(client.GET('/mesh-insights')), print: meshesTable },
  {
    name: 'services',
    description: 'Inspect Services',
    inMesh: true,
    ask: (client, { mesh }) => pageOf(client.GET('/meshes/{mesh}/service-insights', { params: { path: pathOf({ mesh }) } })),
    print: servicesTable,
  },
  {
    name: 'held-removals',
    description: 'Inspect resources that are kept although their owner no longer has them',
    ask: (client) => pageOf(client.GET('/held-removals')),
    print: heldRemovalsTable,
  },
  {
    name: 'dataplanes',
    description: 'Inspect Dataplanes',
    inMesh: true,
    ask: (client, options) => pageOf(client.GET('/meshes/{mesh}/dataplanes/_overview', { params: dataplanesOf(options) })),
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
    const page = await list.ask(client, options);
    io.out(format === 'table' ? list.print(page.items, io.now()) : printList(page, format));
  });
}

function dataplanesOf({ mesh, tag, gateway }: InspectOptions) {
  const tags = [...readPairs(tag, 'tag')].map(([key, value]) => `${key}:${value}`);
  return { path: pathOf({ mesh }), query: { ...(tags.length > 0 ? { tag: tags } : {}), ...(gateway ? { gateway: 'true' as const } : {}) } };
}

import type { ApiClient } from '@mesh/api-client';
import type { AnyDescriptor, JsonObject } from '@mesh/core';
import type { Command } from 'commander';
import { isNotFound } from '../client/failure.js';
import { documentOf, pageOf } from '../client/open.js';
import { itemPath, listPath, pathOf } from '../client/paths.js';
import { toResource } from '../documents.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { registry } from '../kinds.js';
import { outputFormat, printItem, printList } from '../output/print.js';
import { printTable } from '../output/table.js';
import { age } from '../output/time.js';
import { Session } from '../session.js';
import { addAuditCommand } from './audit.js';

interface GetOptions {
  readonly mesh: string;
  readonly size?: string;
  readonly offset?: string;
  readonly output?: string;
}

/** `kumactl get <plural>` and `kumactl get <singular> NAME`, one pair of commands per kind. */
export function addGetCommands(root: Command, io: Io): void {
  const get = root
    .command('get')
    .description('Show Kuma resources')
    .option('-o, --output <string>', 'output format: one of table|yaml|json', 'table');
  for (const descriptor of registry.all) {
    if (!descriptor.cli || descriptor.path === undefined) continue;
    addList(get, { descriptor, io });
    addItem(get, { descriptor, io });
  }
  addAuditCommand(get, io);
}

interface Target {
  readonly descriptor: AnyDescriptor;
  readonly io: Io;
}

function addList(get: Command, { descriptor, io }: Target): void {
  const { cli, kind } = descriptor;
  const command = get
    .command(cli?.plural ?? '')
    .aliases(aliasesOf(descriptor, 'plural'))
    .description(`Show ${kind}`)
    .option('-m, --mesh <string>', 'mesh to use', 'default')
    .option('--size <int>', 'maximum number of elements to return')
    .option('--offset <string>', 'the offset that indicates starting element of the resources list to retrieve');
  command.action(async (_options: unknown, self: Command) => {
    const session = new Session(self, io);
    const options = self.optsWithGlobals<GetOptions>();
    const format = outputFormat(options.output);
    const client = await session.connect();
    const { mesh, size, offset } = options;
    const query = { ...(size === undefined ? {} : { size }), ...(offset === undefined ? {} : { offset }) } as object;
    const list = await pageOf(client.GET(listPath(descriptor), { params: { path: pathOf({ mesh }), query } }));
    if (format !== 'table') return io.out(printList(list, format));
    io.out(resourceTable(descriptor, list.items, io.now()));
    const next = !list.next ? null : new URL(list.next).searchParams.get('offset');
    if (next) io.out(`\nRerun command with --offset=${next} argument to retrieve more resources\n`);
  });
}

function addItem(get: Command, { descriptor, io }: Target): void {
  const { cli, kind } = descriptor;
  const command = get
    .command(cli?.singular ?? '')
    .aliases(aliasesOf(descriptor, 'singular'))
    .description(`Show a single ${kind} resource`)
    .argument('<name>')
    .option('-m, --mesh <string>', 'mesh to use', 'default');
  command.action(async (name: string, _options: unknown, self: Command) => {
    const session = new Session(self, io);
    const options = self.optsWithGlobals<GetOptions>();
    const format = outputFormat(options.output);
    const document = await fetchItem(await session.connect(), { descriptor, mesh: options.mesh, name });
    io.out(format === 'table' ? resourceTable(descriptor, [document], io.now()) : printItem(descriptor, document, format));
  });
}

async function fetchItem(client: ApiClient, target: { descriptor: AnyDescriptor; mesh: string; name: string }): Promise<JsonObject> {
  const { descriptor, mesh, name } = target;
  try {
    return await documentOf(client.GET(itemPath(descriptor), { params: { path: pathOf({ mesh, name }) } }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    throw new UserError(descriptor.scope === 'Mesh' ? `No resources found in ${mesh} mesh` : 'No resources found');
  }
}

/** `MESH? NAME <columns of the kind> AGE`. */
function resourceTable(descriptor: AnyDescriptor, documents: readonly JsonObject[], nowMs: number): string {
  const columns = descriptor.columns ?? [];
  const inMesh = descriptor.scope === 'Mesh';
  const headers = [...(inMesh ? ['MESH'] : []), 'NAME', ...columns.map(({ header }) => header), 'AGE'];
  const rows = documents.map((document) => {
    const resource = toResource(descriptor, document);
    const { mesh, name, modificationTime } = resource.meta;
    return [...(inMesh ? [mesh] : []), name, ...columns.map((column) => column.value(resource)), age(modificationTime, nowMs)];
  });
  return printTable(headers, rows);
}

/** Other spellings of one of the two names; the plural ones are those that spell the plural, dashes aside. */
export function aliasesOf(descriptor: AnyDescriptor, which: 'singular' | 'plural'): string[] {
  const plain = (name: string): string => name.replaceAll('-', '');
  return (descriptor.cli?.aliases ?? []).filter((alias) => (plain(alias) === plain(descriptor.cli?.plural ?? '')) === (which === 'plural'));
}

import type { AnyDescriptor, JsonObject } from '@mesh/core';
import type { Command } from 'commander';
import { dataOf, pageOf } from '../client/open.js';
import { pathOf, policyDataplanesPath, policyResourcesPath } from '../client/paths.js';
import type { ListDocument } from '../documents.js';
import type { Io } from '../io.js';
import { registry } from '../kinds.js';
import { outputFormat, printList } from '../output/print.js';
import { printTable } from '../output/table.js';
import { Session } from '../session.js';
import { affectedDataplanesText } from './matched.js';

interface PolicyOptions {
  readonly mesh: string;
  readonly output?: string;
  readonly newApi?: boolean;
  readonly offset?: string;
}

/** `kumactl inspect <policy> NAME` and `inspect meshgateway NAME`: the proxies a policy or gateway is for. */
export function addPolicyCommands(inspect: Command, io: Io): void {
  for (const descriptor of registry.all) if (descriptor.policy?.inspectable && descriptor.cli) addPolicy(inspect, descriptor, io);
  const gateway = registry.get('MeshGateway');
  if (gateway) addGateway(inspect, gateway, io);
}

function addPolicy(inspect: Command, descriptor: AnyDescriptor, io: Io): void {
  inspect
    .command(descriptor.cli?.singular ?? '')
    .description(`Inspect ${descriptor.kind}`)
    .argument('<name>')
    .option('-m, --mesh <string>', 'mesh to use', 'default')
    .option('--new-api', 'a list of all proxies with any part in it, page by page')
    .option('--offset <int>', 'with --new-api: where the page begins')
    .action(async (name: string, _options: unknown, self: Command) => {
      const options = self.optsWithGlobals<PolicyOptions>();
      const format = outputFormat(options.output);
      const client = await new Session(self, io).connect();
      const { mesh, offset } = options;
      const path = pathOf({ mesh, name });
      if (options.newApi) {
        const query = (offset === undefined ? {} : { offset }) as object;
        const page = await pageOf(client.GET(policyResourcesPath(descriptor), { params: { path, query } }));
        return io.out(format === 'table' ? resourcesTable(page) : printList(page, format));
      }
      const affected = await dataOf(client.GET(policyDataplanesPath(descriptor), { params: { path } }));
      io.out(format === 'table' ? affectedDataplanesText(affected) : printList(affected, format));
    });
}

function addGateway(inspect: Command, descriptor: AnyDescriptor, io: Io): void {
  inspect
    .command(descriptor.cli?.singular ?? '')
    .summary(`Inspect ${descriptor.kind}`)
    .description(`List Dataplanes matched by this ${descriptor.kind}`)
    .argument('<name>')
    .option('-m, --mesh <string>', 'mesh to use', 'default')
    .action(async (name: string, _options: unknown, self: Command) => {
      const options = self.optsWithGlobals<PolicyOptions>();
      const format = outputFormat(options.output);
      const client = await new Session(self, io).connect();
      const path = pathOf({ mesh: options.mesh, name });
      const affected = await dataOf(client.GET(policyDataplanesPath(descriptor), { params: { path } }));
      io.out(format === 'table' ? affected.items.map(({ dataplane }) => `${dataplane.name}\n`).join('') : printList(affected, format));
    });
}

function resourcesTable({ items, total }: ListDocument): string {
  const text = (item: JsonObject, field: string): string => (typeof item[field] === 'string' ? item[field] : '');
  const rows = items.map((item) => [text(item, 'type'), text(item, 'mesh'), text(item, 'name')]);
  return `${printTable(['TYPE', 'MESH', 'NAME'], rows)}\nTotal: ${total}\n`;
}

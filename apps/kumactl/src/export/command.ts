import type { ApiClient } from '@mesh/api-client';
import type { JsonObject } from '@mesh/core';
import type { Command } from 'commander';
import { dataOf, documentOf, pageOf } from '../client/open.js';
import { crossMeshPath, itemPath, pathOf } from '../client/paths.js';
import { UserError } from '../errors.js';
import { withExamples } from '../help.js';
import type { Io } from '../io.js';
import { registry } from '../kinds.js';
import { printItem } from '../output/print.js';
import { goYaml } from '../output/yaml.js';
import { Session } from '../session.js';
import { exported, exportedKubernetes, isOwnOfGlobal } from './documents.js';
import { kindsOf, PROFILES, type Profile, type ResourceType } from './profiles.js';

/** The largest page the API gives. */
const PAGE_SIZE = 1000;
const FORMATS = ['universal', 'kubernetes'] as const;

interface ExportOptions {
  readonly profile: string;
  readonly format: string;
  readonly systemNamespace: string;
  readonly includeAdmin?: boolean;
}

/** `kumactl export`: documents that `kumactl apply -f` brings back, or that another control plane takes over. */
export function addExportCommand(root: Command, io: Io): void {
  const command = root
    .command('export')
    .description('Export Kuma resources')
    .option('-p, --profile <string>', `which kinds: one of ${Object.keys(PROFILES).join('|')}`, 'federation')
    .option('-f, --format <string>', `format of the documents: one of ${FORMATS.join('|')}`, 'universal')
    .option('-n, --system-namespace <string>', 'namespace of the control plane, for documents that name none', 'kuma-system')
    .option('-a, --include-admin', 'include secrets; the federation profiles always do')
    .action(async (options: ExportOptions, self: Command) => {
      const profile = Object.hasOwn(PROFILES, options.profile) ? PROFILES[options.profile] : undefined;
      if (!profile) throw new UserError(`invalid profile: "${options.profile}", use one of ${Object.keys(PROFILES).join(', ')}`);
      if (!FORMATS.some((format) => format === options.format)) {
        throw new UserError(`invalid format: "${options.format}", use one of ${FORMATS.join(', ')}`);
      }
      const session = new Session(self, io);
      await exportAll(await session.connect(), { options, profile, io });
    });
  withExamples(command, '\nExport Kuma resources\n$ kumactl export --profile federation --format universal > policies.yaml');
}

interface Export {
  readonly options: ExportOptions;
  readonly profile: Profile;
  readonly io: Io;
}

async function exportAll(client: ApiClient, { options, profile, io }: Export): Promise<void> {
  const { resources } = await dataOf(client.GET('/_resources'));
  const { mode } = (await dataOf(client.GET('/config'))) as JsonObject;
  const documents: string[] = [];
  for (const type of kindsOf(profile, resources, options.includeAdmin ?? false)) {
    const all = await listAll(client, type);
    const items = exported(type.name, mode === 'global' ? all.filter(isOwnOfGlobal) : all, profile);
    if (options.format === 'universal') documents.push(...items.map((item) => `---\n${universal(type.name, item)}`));
    else for (const item of items) documents.push(goYaml(await kubernetes(client, { type, item, namespace: options.systemNamespace })));
  }
  const { product, version, hostname, clusterId, instanceId } = await dataOf(client.GET('/'));
  io.out(`# Product: ${product}, Version: ${version}, Hostname: ${hostname}, ClusterId: ${clusterId}, InstanceId: ${instanceId}\n`);
  io.out(documents.join(options.format === 'universal' ? '' : '---\n'));
}

/** All items of a kind in all meshes, whatever the size of a page. */
async function listAll(client: ApiClient, type: ResourceType): Promise<JsonObject[]> {
  const items: JsonObject[] = [];
  for (;;) {
    const query = { size: PAGE_SIZE, ...(items.length > 0 ? { offset: items.length } : {}) };
    const page = await pageOf(client.GET(crossMeshPath(type), { params: { query } }));
    items.push(...page.items);
    if (!page.next || page.items.length === 0) return items;
  }
}

function universal(kind: string, item: JsonObject): string {
  const descriptor = registry.get(kind);
  return descriptor ? printItem(descriptor, item, 'yaml') : goYaml(item);
}

interface KubernetesItem {
  readonly type: ResourceType;
  readonly item: JsonObject;
  readonly namespace: string;
}

async function kubernetes(client: ApiClient, { type, item, namespace }: KubernetesItem): Promise<JsonObject> {
  const name = String(item.name);
  // Kinds of global scope have no mesh in their path.
  const path = pathOf({ mesh: type.scope === 'Mesh' ? String(item.mesh) : '-', name });
  const document = await documentOf(client.GET(itemPath(type), { params: { path, query: { format: 'k8s', namespace } } }));
  return exportedKubernetes(type.name, document, name);
}

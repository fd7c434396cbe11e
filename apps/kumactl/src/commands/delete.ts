import type { Command } from 'commander';
import { isNotFound } from '../client/failure.js';
import { itemPath, pathOf } from '../client/paths.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { registry } from '../kinds.js';
import { Session } from '../session.js';
import { readTimeout, revisionOf, waitForWrite } from '../wait/wait.js';
import { aliasesOf } from './get.js';

/** `kumactl delete TYPE NAME`. */
export function addDeleteCommand(root: Command, io: Io): void {
  root
    .command('delete')
    .description('Delete Kuma resources')
    .argument('<type>')
    .argument('<name>')
    .option('-m, --mesh <string>', 'mesh to use', 'default')
    .option('--wait', 'wait until zones and proxies know that it is gone')
    .option('--timeout <duration>', 'how long to wait', '30s')
    .action(async function (this: Command, type: string, name: string) {
      const { mesh, wait, timeout } = this.opts<{ mesh: string; wait?: boolean; timeout: string }>();
      const timeoutMs = readTimeout(timeout);
      const types = deletableTypes();
      const descriptor = types.get(type);
      if (!descriptor) throw new UserError(`unknown TYPE: ${type}. Allowed values: ${[...types.keys()].sort().join(', ')}`);
      const session = new Session(this, io);
      const client = await session.connect();
      let revision: number | undefined;
      try {
        const { response } = await client.DELETE(itemPath(descriptor), { params: { path: pathOf({ mesh, name }) } });
        revision = revisionOf(response);
      } catch (error) {
        if (isNotFound(error)) throw new UserError(`there is no ${descriptor.kind} with name "${name}"`);
        throw error;
      }
      io.out(`deleted ${descriptor.kind} "${name}"\n`);
      if (wait) await waitForWrite(session, client, { revision, timeoutMs });
    });
}

function deletableTypes() {
  const types = new Map<string, (typeof registry.all)[number]>();
  for (const descriptor of registry.all) {
    if (!descriptor.cli || descriptor.path === undefined || descriptor.write.never) continue;
    for (const name of [descriptor.cli.singular, ...aliasesOf(descriptor, 'singular')]) types.set(name, descriptor);
  }
  return types;
}

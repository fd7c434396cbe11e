import type { Command } from 'commander';
import { isNotFound } from '../client/failure.js';
import { itemPath, pathOf } from '../client/paths.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { registry } from '../kinds.js';
import { Session } from '../session.js';
import { aliasesOf } from './get.js';

/** `kumactl delete TYPE NAME`. */
export function addDeleteCommand(root: Command, io: Io): void {
  root
    .command('delete')
    .description('Delete Kuma resources')
    .argument('<type>')
    .argument('<name>')
    .option('-m, --mesh <string>', 'mesh to use', 'default')
    .action(async function (this: Command, type: string, name: string) {
      const { mesh } = this.opts<{ mesh: string }>();
      const types = deletableTypes();
      const descriptor = types.get(type);
      if (!descriptor) throw new UserError(`unknown TYPE: ${type}. Allowed values: ${[...types.keys()].sort().join(', ')}`);
      const client = await new Session(this, io).connect();
      try {
        await client.DELETE(itemPath(descriptor), { params: { path: pathOf({ mesh, name }) } });
      } catch (error) {
        if (isNotFound(error)) throw new UserError(`there is no ${descriptor.kind} with name "${name}"`);
        throw error;
      }
      io.out(`deleted ${descriptor.kind} "${name}"\n`);
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

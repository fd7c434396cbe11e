import type { ApiClient } from '@mesh/api-client';
import { messageOf, PRODUCT } from '@mesh/core';
import type { Command } from 'commander';
import { dataOf } from '../client/open.js';
import { type ApiServerConfig, findControlPlane, withControlPlane, withoutControlPlane } from '../config/model.js';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { collect, readPairs, requireFlags } from '../options.js';
import { printTable } from '../output/table.js';
import { goYaml } from '../output/yaml.js';
import { Session } from '../session.js';

interface AddOptions {
  readonly name?: string;
  readonly address?: string;
  readonly overwrite?: boolean;
  readonly caCertFile?: string;
  readonly clientCertFile?: string;
  readonly clientKeyFile?: string;
  readonly headers?: readonly string[];
  readonly authType?: string;
  readonly authConf?: readonly string[];
  readonly skipVerify?: boolean;
  readonly skipCheck?: boolean;
}

/** `kumactl config`. */
export function addConfigCommands(root: Command, io: Io): void {
  const config = root.command('config').description('Modify kumactl config files');
  config
    .command('view')
    .description('Show kumactl config')
    .action((_options: unknown, command: Command) => {
      io.out(`${goYaml(new Session(command, io).configFile.load())}\n`);
    });
  const controlPlanes = config.command('control-planes').description('Manage known Control Planes');
  addAdd(controlPlanes, io);
  controlPlanes
    .command('list')
    .description('List Control Planes')
    .action((_options: unknown, command: Command) => list(new Session(command, io)));
  controlPlanes
    .command('remove')
    .description('Remove a Control Plane')
    .option('--name <string>', 'reference name for the Control Plane (required)')
    .action((options: { name?: string }, command: Command) => {
      requireFlags({ ...options }, ['name']);
      remove(new Session(command, io), options.name ?? '');
    });
  controlPlanes
    .command('switch')
    .description('Switch active Control Plane')
    .option('--name <string>', 'reference name for the Control Plane (required)')
    .action((options: { name?: string }, command: Command) => {
      requireFlags({ ...options }, ['name']);
      switchTo(new Session(command, io), options.name ?? '');
    });
}

function addAdd(parent: Command, io: Io): void {
  parent
    .command('add')
    .description('Add a Control Plane')
    .option('--name <string>', 'reference name for the Control Plane (required)')
    .option('--address <string>', 'URL of the Control Plane API Server (required). Example: http://localhost:5681')
    .option('--overwrite', 'overwrite existing Control Plane with the same reference name')
    .option('--ca-cert-file <string>', 'path to the CA certificate that signed the certificate of the server')
    .option('--client-cert-file <string>', 'path to the certificate of the client')
    .option('--client-key-file <string>', 'path to the private key of the client')
    .option('--headers <stringToString>', 'headers to send with every request', collect)
    .option('--auth-type <string>', 'authentication type (for example: "tokens")')
    .option('--auth-conf <stringToString>', 'authentication config (for example: "token=xyz")', collect)
    .option('--skip-verify', 'do not verify the certificate of the server')
    .option('--skip-check', 'do not talk to the Control Plane')
    .action(async (options: AddOptions, command: Command) => {
      requireFlags({ ...options }, ['address', 'name']);
      await add(new Session(command, io), options);
    });
}

async function add(session: Session, options: AddOptions): Promise<void> {
  const { name = '', overwrite, skipCheck } = options;
  const file = session.configFile;
  const config = file.load();
  if (!overwrite && config.controlPlanes.some((each) => each.name === name)) {
    throw new UserError(`Control Plane with name "${name}" already exists. Use --overwrite to replace an existing one.`);
  }
  const apiServer = readApiServer(options);
  if (!skipCheck) await checkServer(session.open(apiServer, { anonymous: true }));
  file.save(withControlPlane(config, { name, coordinates: { apiServer } }));
  session.io.out(`added Control Plane "${name}"\nswitched active Control Plane to "${name}"\n`);
}

function readApiServer(options: AddOptions): ApiServerConfig {
  const { address = '', caCertFile, clientCertFile, clientKeyFile, authType, skipVerify } = options;
  if (!URL.canParse(address) || !/^https?:$/.test(new URL(address).protocol)) {
    throw new UserError(`"${address}" is no address of an API server: write http://host:5681 or https://host:5682`);
  }
  const headers = [...readPairs(options.headers, 'headers')].map(([key, value]) => ({ key, value }));
  const authConf = Object.fromEntries(readPairs(options.authConf, 'auth-conf'));
  if (authType === 'tokens' && !authConf.token) throw new UserError('authentication of type "tokens" needs --auth-conf token=...');
  return {
    url: address,
    ...(caCertFile ? { caCertFile } : {}),
    ...(clientCertFile ? { clientCertFile } : {}),
    ...(clientKeyFile ? { clientKeyFile } : {}),
    ...(headers.length > 0 ? { headers } : {}),
    ...(authType ? { authType } : {}),
    ...(Object.keys(authConf).length > 0 ? { authConf } : {}),
    ...(skipVerify ? { skipVerify } : {}),
  };
}

async function checkServer(client: ApiClient): Promise<void> {
  let index: { readonly product: string; readonly version: string };
  try {
    index = await dataOf(client.GET('/'));
  } catch (error) {
    throw new UserError(`could not connect to the Control Plane API Server: ${messageOf(error)}`);
  }
  if (index.product === PRODUCT || index.version.includes('preview')) return;
  throw new UserError(
    `this CLI is for ${PRODUCT} but the control plane you're connected to is ${index.product}. Please use the CLI for your control plane`,
  );
}

function list(session: Session): void {
  const config = session.configFile.load();
  const active = findControlPlane(config, config.currentContext)?.name;
  const rows = config.controlPlanes.map(({ name, coordinates }) => [name === active ? '*' : '', name, coordinates.apiServer.url]);
  session.io.out(printTable(['ACTIVE', 'NAME', 'ADDRESS'], rows));
}

function remove(session: Session, name: string): void {
  const file = session.configFile;
  const config = file.load();
  if (!config.controlPlanes.some((each) => each.name === name)) throw new UserError(`there is no Control Plane with name "${name}"`);
  const left = withoutControlPlane(config, name);
  file.save(left);
  session.io.out(`removed Control Plane "${name}"\n`);
  if (left.currentContext !== config.currentContext) session.io.out(`switched active Control Plane to "${left.currentContext}"\n`);
}

function switchTo(session: Session, name: string): void {
  const file = session.configFile;
  const config = file.load();
  if (!findControlPlane(config, name)) throw new UserError(`there is no Control Plane with name "${name}"`);
  file.save({ ...config, currentContext: name });
  session.io.out(`switched active Control Plane to "${name}"\n`);
}

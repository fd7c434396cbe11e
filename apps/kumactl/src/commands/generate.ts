import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { formatDuration, messageOf, parseDuration, type TokenRequest } from '@mesh/core';
import { signToken } from '@mesh/identity';
import type { Command } from 'commander';
import { UserError } from '../errors.js';
import type { Io } from '../io.js';
import { collect, readPairs, requireFlags } from '../options.js';
import { Session } from '../session.js';

const TEN_YEARS_MS = 87_600 * 3_600_000;

interface SigningOptions {
  readonly validFor?: string;
  readonly signingKeyPath?: string;
  readonly kid?: string;
}

/** `kumactl generate`: tokens, from the control plane or from a signing key at hand. */
export function addGenerateCommands(root: Command, io: Io): void {
  const generate = root.command('generate').description('Generate resources, tokens, etc');
  addDataplaneToken(generate, io);
  addZoneToken(generate, io);
  addUserToken(generate, io);
}

interface DataplaneTokenOptions extends SigningOptions {
  readonly name?: string;
  readonly dataplane?: string;
  readonly mesh: string;
  readonly proxyType?: string;
  readonly type?: string;
  readonly tag?: readonly string[];
  readonly workload?: string;
}

function addDataplaneToken(generate: Command, io: Io): void {
  const command = generate
    .command('dataplane-token')
    .description('Generate Dataplane Token')
    .option('--name <name>', 'name of the Dataplane')
    .option('--dataplane <name>', 'old spelling of --name')
    .option('-m, --mesh <mesh>', 'mesh to use', 'default')
    .option('--proxy-type <type>', 'type of the Dataplane ("dataplane", "ingress")')
    .option('--type <type>', 'old spelling of --proxy-type')
    .option('--tag <key=value>', 'required tag values for dataplane (split values by comma to provide multiple values)', collect)
    .option('--workload <workload>', 'required workload label value for dataplane');
  withSigning(command).action(async (options: DataplaneTokenOptions, self: Command) => {
    const session = new Session(self, io);
    const tags = Object.fromEntries([...readPairs(options.tag, 'tag')].map(([key, values]) => [key, values.split(',')]));
    await generateToken(session, options, {
      type: 'dataplane',
      name: options.name ?? options.dataplane ?? '',
      mesh: options.mesh,
      tags,
      proxyType: options.proxyType ?? options.type ?? '',
      workload: options.workload ?? '',
      validForMs: readValidFor(session, options.validFor),
    });
  });
}

function addZoneToken(generate: Command, io: Io): void {
  const command = generate
    .command('zone-token')
    .description('Generate Zone Token')
    .option('--zone <name>', 'name of the zone where the token will be used')
    .option('--scope <scope>', 'scope of resources which the token will be able to identify, may be repeated', collect);
  withSigning(command).action(async (options: SigningOptions & { zone?: string; scope?: readonly string[] }, self: Command) => {
    const session = new Session(self, io);
    const scope = options.scope?.flatMap((each) => each.split(',')) ?? ['ingress', 'egress'];
    await generateToken(session, options, {
      type: 'zone',
      zone: options.zone ?? '',
      scope,
      validForMs: readValidFor(session, options.validFor),
    });
  });
}

function addUserToken(generate: Command, io: Io): void {
  const command = generate
    .command('user-token')
    .description('Generate User Token')
    .option('--name <name>', 'name of the user')
    .option('--group <group>', 'group of the user, may be repeated', collect);
  withSigning(command).action(async (options: SigningOptions & { name?: string; group?: readonly string[] }, self: Command) => {
    requireFlags({ ...options }, ['name', 'valid-for']);
    const session = new Session(self, io);
    const groups = options.group?.flatMap((each) => each.split(',')) ?? [];
    await generateToken(session, options, {
      type: 'user',
      name: options.name ?? '',
      groups,
      validForMs: readValidFor(session, options.validFor),
    });
  });
}

function withSigning(command: Command): Command {
  return command
    .option('--valid-for <duration>', 'how long the token will be valid (for example "24h")')
    .option('--signing-key-path <file>', 'file with the private signing key; the control plane is not asked then')
    .option('--kid <id>', 'ID of the key; required with --signing-key-path');
}

/** Kuma asks for `--valid-for`; older manuals know no such flag, so its absence is worth only a warning. */
function readValidFor(session: Session, text: string | undefined): number {
  if (text === undefined) {
    session.warn('Warning: --valid-for is not set: the token is valid for 10 years');
    return TEN_YEARS_MS;
  }
  const ms = parseDuration(text);
  if (ms === undefined) throw new UserError(`invalid argument "${text}" for "--valid-for" flag: use a duration such as 24h`);
  return ms;
}

/** Prints the token and nothing else, so that `> token` holds just that. */
async function generateToken(session: Session, options: SigningOptions, token: TokenRequest): Promise<void> {
  const { signingKeyPath, kid } = options;
  if ((signingKeyPath === undefined) !== (kid === undefined)) throw new UserError('--signing-key-path and --kid have to be set together');
  if (signingKeyPath !== undefined && kid !== undefined) {
    return session.io.out(await signToken(token, { key: readKey(signingKeyPath), kid, now: session.io.now() }));
  }
  const client = await session.connect();
  const { text } = await client.call('POST', `/tokens/${token.type}`, { body: bodyOf(token) });
  session.io.out(text);
}

function bodyOf(token: TokenRequest): object {
  const { type, validForMs, ...rest } = token;
  const validFor = formatDuration(validForMs);
  if (token.type !== 'dataplane') return { ...rest, validFor };
  const { name, mesh, tags, proxyType, workload } = token;
  return { name, mesh, tags, type: proxyType, workload, validFor };
}

function readKey(path: string) {
  try {
    return createPrivateKey(readFileSync(path));
  } catch (error) {
    throw new UserError(`cannot read the signing key ${path}: ${messageOf(error)}`);
  }
}

import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ApiClient } from '@mesh/api-client';
import { formatDuration, messageOf, parseDuration, type TokenRequest } from '@mesh/core';
import { signToken } from '@mesh/identity';
import { type Command, Option } from 'commander';
import { dataOf } from '../client/open.js';
import { UserError } from '../errors.js';
import { withExamples } from '../help.js';
import type { Io } from '../io.js';
import { collect, readPairs, requireFlags } from '../options.js';
import { Session } from '../session.js';

/** `cp` is ours: the token with which a zone shows its global who it is. */
const SCOPES: readonly string[] = ['ingress', 'egress', 'cp'];
const SCOPES_DEFAULT: readonly string[] = ['ingress', 'egress'];
const TEN_YEARS_MS = 87_600 * 3_600_000;

interface SigningOptions {
  readonly validFor?: string;
  readonly signingKeyPath?: string;
  readonly kid?: string;
}

/** `kumactl generate dataplane-token|zone-token|user-token`: from the control plane, or signed with a key at hand. */
export function addTokenCommands(generate: Command, io: Io): void {
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
    .summary('Generate Dataplane Token')
    .description('Generate Dataplane Token that is used to prove Dataplane identity')
    .option('--name <string>', 'name of the Dataplane')
    .option('-m, --mesh <string>', 'mesh to use', 'default')
    .option('--proxy-type <string>', 'type of the Dataplane ("dataplane", "ingress")')
    .option('--tag <stringToString>', 'required tag values for dataplane (split values by comma to provide multiple values)', collect)
    .option('--workload <string>', 'required workload label value for dataplane')
    .addOption(new Option('--dataplane <string>', 'old spelling of --name').hideHelp())
    .addOption(new Option('--type <string>', 'old spelling of --proxy-type').hideHelp());
  withExamples(
    command,
    `
Generate token bound by name and mesh
$ kumactl generate dataplane-token --mesh demo --name demo-01 --valid-for 24h

Generate token bound by tag
$ kumactl generate dataplane-token --mesh demo --tag kuma.io/service=web,web-api --valid-for 24h`,
  );
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
    .summary('Generate Zone Token')
    .description('Generate Zone Token that is used to prove identity of zone components (Zone Ingress, Zone Egress)')
    .option('--zone <string>', 'name of the zone where the zone proxies are')
    .option(
      '--scope <strings>',
      'what the token is for: ingress, egress (both are the default) or cp, the control plane of the zone; may be repeated',
      collect,
    );
  withExamples(
    command,
    `
Generate token using a control plane
$ kumactl generate zone-token --zone zone-1 --valid-for 24h --scope egress

Generate token using offline signing key
$ kumactl generate zone-token --zone zone-1 --valid-for 24h --signing-key-path /keys/key.pem --kid 1`,
  );
  withSigning(command).action(async (options: SigningOptions & { zone?: string; scope?: readonly string[] }, self: Command) => {
    const session = new Session(self, io);
    const scope = options.scope?.flatMap((each) => each.split(',')) ?? SCOPES_DEFAULT;
    const unknown = scope.filter((each) => !SCOPES.includes(each));
    if (unknown.length > 0) throw new UserError(`invalid --scope values: ${unknown.join(', ')} (supported scopes: ${SCOPES.join(', ')})`);
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
    .summary('Generate User Token')
    .description('Generate User Token that is used to prove User identity')
    .option('--name <string>', 'name of the user')
    .option('--group <strings>', 'group of the user, may be repeated', collect);
  withExamples(
    command,
    `
Generate token using a control plane
$ kumactl generate user-token --name john.doe@example.com --group users --valid-for 24h

Generate token using offline signing key
$ kumactl generate user-token --name john.doe@example.com --group users --valid-for 24h --signing-key-path /keys/key.pem --kid 1`,
  );
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
    .option('--signing-key-path <string>', 'file with the private signing key; the control plane is not asked then')
    .option('--kid <string>', 'ID of the key that signs; required with --signing-key-path');
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
  session.io.out(await issue(client, token));
}

async function issue(client: ApiClient, token: TokenRequest): Promise<string> {
  const parseAs = 'text' as const;
  const validFor = formatDuration(token.validForMs);
  switch (token.type) {
    case 'dataplane': {
      const { name, mesh, tags, proxyType, workload } = token;
      // What is no type of proxy is for the server to refuse.
      const body = { name, mesh, tags: tags as Record<string, string[]>, type: proxyType as 'dataplane', workload, validFor };
      return dataOf(client.POST('/tokens/dataplane', { body, parseAs }));
    }
    case 'zone':
      return dataOf(client.POST('/tokens/zone', { body: { zone: token.zone, scope: [...token.scope], validFor }, parseAs }));
    case 'user':
      return dataOf(client.POST('/tokens/user', { body: { name: token.name, groups: [...token.groups], validFor }, parseAs }));
  }
}

function readKey(path: string) {
  try {
    return createPrivateKey(readFileSync(path));
  } catch (error) {
    throw new UserError(`cannot read the signing key ${path}: ${messageOf(error)}`);
  }
}

import { rmSync, writeFileSync } from 'node:fs';
import { messageOf } from '@mesh/core';
import { createSelfSigned } from '@mesh/identity';
import type { Command } from 'commander';
import { UserError } from '../errors.js';
import { withExamples } from '../help.js';
import type { Io } from '../io.js';
import { collect, requireFlags } from '../options.js';

interface CertificateOptions {
  readonly type?: string;
  readonly hostname?: readonly string[];
  readonly keyFile: string;
  readonly certFile: string;
  readonly keyType: string;
}

const USAGES = ['client', 'server'] as const;
const KEY_TYPES = ['rsa', 'ecdsa'] as const;

/** `kumactl generate tls-certificate`: a self-signed pair, in files or on standard output. */
export function addCertificateCommand(generate: Command, io: Io): void {
  const command = generate
    .command('tls-certificate')
    .summary('Generate a TLS certificate')
    .description('Generate self signed key and certificate pair that can be used for example in Dataplane Token Server setup')
    .option('--type <string>', 'type of the certificate: one of client|server')
    .option('--hostname <strings>', 'DNS hostname(s) to issue the certificate for', collect)
    .option('--key-file <string>', "path to a file with a generated private key ('-' for stdout)", 'key.pem')
    .option('--cert-file <string>', "path to a file with a generated TLS certificate ('-' for stdout)", 'cert.pem')
    .option('--key-type <string>', 'type of the private key: one of rsa|ecdsa', 'rsa')
    .action((options: CertificateOptions) => generateCertificate(options, io));
  withExamples(
    command,
    `
  # Generate a TLS certificate for use by an HTTPS server
  kumactl generate tls-certificate --type=server --hostname=localhost

  # Generate a TLS certificate for use by a client of an HTTPS server
  kumactl generate tls-certificate --type=client --hostname=dataplane-1`,
  );
}

async function generateCertificate(options: CertificateOptions, io: Io): Promise<void> {
  requireFlags({ ...options }, ['hostname', 'type']);
  const usage = USAGES.find((each) => each === options.type);
  if (!usage) throw new UserError(`invalid certificate type "${options.type}", use one of ${USAGES.join(', ')}`);
  const keyType = KEY_TYPES.find((each) => each === options.keyType);
  if (!keyType) throw new UserError(`invalid key type "${options.keyType}", use one of ${KEY_TYPES.join(', ')}`);
  const hosts = (options.hostname ?? []).flatMap((each) => each.split(','));
  const { certPem, keyPem } = await createSelfSigned({ usage, hosts, keyType, now: io.now() });
  save(io, { path: options.keyFile, what: 'Private key', pem: keyPem, mode: 0o400 });
  save(io, { path: options.certFile, what: 'Certificate', pem: certPem, mode: 0o600 });
}

function save(io: Io, { path, what, pem, mode }: { path: string; what: string; pem: string; mode: number }): void {
  if (path === '-') return io.out(pem);
  try {
    // A new file, so that one that others may read does not keep its mode.
    rmSync(path, { force: true });
    writeFileSync(path, pem, { mode });
  } catch (error) {
    throw new UserError(`cannot write ${path}: ${messageOf(error)}`);
  }
  io.out(`${what} saved in ${path}\n`);
}

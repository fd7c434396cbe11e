import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf } from '@mesh/core';
import { privateKeyPem, readPublicKey, rsaPublicKeyPem } from '@mesh/identity';
import type { Command } from 'commander';
import { UserError } from '../errors.js';
import { withExamples } from '../help.js';
import type { Io } from '../io.js';
import { requireFlags } from '../options.js';

/** What `--format` says of a key, and how it is printed then. */
const FORMATS: Readonly<Record<string, (pem: string) => string>> = {
  'pem-base64': (pem) => Buffer.from(pem).toString('base64'),
  pem: (pem) => pem,
};

/** `kumactl generate signing-key|public-key` (contract/rest-api.md §4): neither asks a control plane. */
export function addKeyCommands(generate: Command, io: Io): void {
  const signingKey = generate
    .command('signing-key')
    .summary('Generate signing keys')
    .description('Generate a private key for signing tokens')
    .option('--format <string>', 'format of signing key. Available values: pem-base64, pem', 'pem-base64')
    .action(({ format }: { format: string }) => {
      const print = Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
      if (!print) throw new UserError(`invalid format "${format}", use one of ${Object.keys(FORMATS).join(', ')}`);
      io.out(print(privateKeyPem(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey)));
    });
  withExamples(
    signingKey,
    `
Generate a new signing key to rotate user tokens. The number at the end of the name is the ID of the key, without zeros before it
$ echo "
type: GlobalSecret
name: user-token-signing-key-2
data: {{ key }}
" | kumactl apply --var key=$(kumactl generate signing-key) -f -`,
  );
  const publicKey = generate
    .command('public-key')
    .summary('Generate public key out of signing key')
    .description('Generate a public key for validating tokens')
    .option('--signing-key-path <string>', 'path to a file with PEM-encoded private signing key')
    .action((options: { signingKeyPath?: string }) => {
      requireFlags({ ...options }, ['signing-key-path']);
      io.out(publicKeyOf(options.signingKeyPath ?? ''));
    });
  withExamples(
    publicKey,
    `
Extract a public key out of signing key used to issue tokens
$ kumactl generate signing-key --format=pem > /tmp/key.pem
$ kumactl generate public-key --signing-key-path=/tmp/key.pem`,
  );
}

function publicKeyOf(path: string): string {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch (error) {
    throw new UserError(`cannot read the signing key ${path}: ${messageOf(error)}`);
  }
  const key = readPublicKey(content);
  if (key?.asymmetricKeyType !== 'rsa') throw new UserError(`${path} holds no RSA key in PEM`);
  return rsaPublicKeyPem(key);
}

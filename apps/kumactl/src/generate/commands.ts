import type { Command } from 'commander';
import type { Io } from '../io.js';
import { addCertificateCommand } from './certificate.js';
import { addKeyCommands } from './keys.js';
import { addTokenCommands } from './tokens.js';

/** `kumactl generate`: tokens, the keys that sign them, and certificates for a first start. */
export function addGenerateCommands(root: Command, io: Io): void {
  const generate = root.command('generate').description('Generate resources, tokens, etc');
  addTokenCommands(generate, io);
  addKeyCommands(generate, io);
  addCertificateCommand(generate, io);
}

import 'reflect-metadata';
import { runService } from '@mesh/runtime';
import { appServices } from './app.module.js';

const code = await runService({
  name: 'global-cp',
  services: () => appServices,
  mode: 'global',
  argv: process.argv.slice(2),
  env: process.env,
});
process.exit(code);

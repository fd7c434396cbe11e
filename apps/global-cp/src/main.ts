import 'reflect-metadata';
import { runService } from '@mesh/runtime';
import { GlobalModule } from '@mesh/service-global';

const code = await runService({
  name: 'global-cp',
  services: () => [(options) => GlobalModule.forRoot(options)],
  mode: 'global',
  argv: process.argv.slice(2),
  env: process.env,
});
process.exit(code);

import 'reflect-metadata';
import { runService } from '@mesh/runtime';
import { ApiModule } from '@mesh/service-api';

const code = await runService({
  name: 'api-gateway',
  services: () => [(options) => ApiModule.forRoot(options)],
  argv: process.argv.slice(2),
  env: process.env,
});
process.exit(code);

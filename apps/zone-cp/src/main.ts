import 'reflect-metadata';
import { runService } from '@mesh/runtime';
import { ZoneModule } from '@mesh/service-zone';

const code = await runService({
  name: 'zone-cp',
  services: () => [(options) => ZoneModule.forRoot(options)],
  mode: 'zone',
  argv: process.argv.slice(2),
  env: process.env,
});
process.exit(code);

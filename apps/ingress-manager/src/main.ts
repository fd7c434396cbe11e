import 'reflect-metadata';
import { runService } from '@mesh/runtime';
import { IngressModule } from '@mesh/service-ingress';

const code = await runService({
  name: 'ingress-manager',
  services: () => [(options) => IngressModule.forRoot(options)],
  mode: 'zone',
  argv: process.argv.slice(2),
  env: process.env,
});
process.exit(code);

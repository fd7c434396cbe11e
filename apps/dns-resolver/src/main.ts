import 'reflect-metadata';
import { runService } from '@mesh/runtime';
import { DnsModule } from '@mesh/service-dns';

const code = await runService({
  name: 'dns-resolver',
  services: () => [(options) => DnsModule.forRoot(options)],
  mode: 'zone',
  argv: process.argv.slice(2),
  env: process.env,
});
process.exit(code);

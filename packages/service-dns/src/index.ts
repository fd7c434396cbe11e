export { DnsModule } from './dns.module.js';
export { DnsRunner } from './runner.js';

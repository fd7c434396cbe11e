import type { KumaConfig, ServiceFactory } from '@mesh/runtime';
import { ApiModule } from '@mesh/service-api';
import { DnsModule } from '@mesh/service-dns';
import { GlobalModule } from '@mesh/service-global';
import { IngressModule } from '@mesh/service-ingress';
import { ZoneModule } from '@mesh/service-zone';

/** Services of one process, in the order they start: the control plane first, as the others ask it. */
export function servicesOf(config: KumaConfig): ServiceFactory[] {
  const api: ServiceFactory = (options) => ApiModule.forRoot(options);
  if (config.mode === 'global') return [(options) => GlobalModule.forRoot(options), api];
  const dns: ServiceFactory[] = config.dnsServer.enabled ? [(options) => DnsModule.forRoot(options)] : [];
  return [(options) => ZoneModule.forRoot(options), (options) => IngressModule.forRoot(options), ...dns, api];
}

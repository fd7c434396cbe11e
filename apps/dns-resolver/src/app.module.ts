import type { ServiceFactory } from '@mesh/runtime';
import { DnsModule } from '@mesh/service-dns';

/** What runs in this process. */
export const appServices: readonly ServiceFactory[] = [
  // Reads: virtual IPs in the view of the zone control plane. Publishes: DNS answers.
  (options) => DnsModule.forRoot(options),
];

import type { ServiceFactory } from '@mesh/runtime';
import { IngressModule } from '@mesh/service-ingress';

/** What runs in this process. */
export const appServices: readonly ServiceFactory[] = [
  // Reads: the view of the zone control plane. Publishes: xDS to zone ingresses and egresses.
  (options) => IngressModule.forRoot(options),
];

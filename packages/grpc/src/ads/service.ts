import type { Server, ServerDuplexStream } from '@grpc/grpc-js';
import { rawMethod } from '../definition.js';
import type { AdsHandler } from './handler.js';
import { AdsServerStream, type AdsServiceOptions } from './stream.js';
import { type AdsVariant, deltaVariant, sotwVariant } from './variants.js';

const service = 'envoy.service.discovery.v3.AggregatedDiscoveryService';

/**
 * Serves the Aggregated Discovery Service, in both variants, with make-before-break order
 * (contract/dataplane.md §2.1). The sessions of `@mesh/delta` decide what is sent when.
 */
export function addAdsService(server: Server, handler: AdsHandler, options: AdsServiceOptions): void {
  const serve = (variant: () => AdsVariant) => (call: ServerDuplexStream<Buffer, Buffer>) => {
    new AdsServerStream(call, variant(), { handler, options });
  };
  server.addService(
    {
      // Requests are decoded by the stream, so that garbage ends it with a reason; responses come encoded.
      streamAggregatedResources: rawMethod(`/${service}/StreamAggregatedResources`),
      deltaAggregatedResources: rawMethod(`/${service}/DeltaAggregatedResources`),
    },
    { streamAggregatedResources: serve(sotwVariant), deltaAggregatedResources: serve(deltaVariant) },
  );
}

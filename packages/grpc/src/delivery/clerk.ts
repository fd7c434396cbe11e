import { create } from '@bufbuild/protobuf';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import type { DeliverySource } from '@mesh/core';
import { type DeliveryAsk, type DeliveryReport, DeliveryReportSchema, DeliveryService } from '@mesh/proto/kuma/internal/v1/delivery_pb.js';
import { toJsonBytes } from '../control-plane/codec.js';
import { methodDefinitionOf } from '../definition.js';

/** The method by which a server of proxies reports. */
export const reportMethod = methodDefinitionOf(DeliveryService.method.report);

/** Watches one peer has open at a time; more are not answered. */
const WATCHES_MAX = 1000;

/** Answers what a peer asks on a report stream, until the signal aborts. */
export function answerAsks(call: ClientDuplexStream<DeliveryReport, DeliveryAsk>, source: DeliverySource, signal: AbortSignal): void {
  const open = new Map<string, AbortController>();
  const endAll = (): void => {
    for (const watch of open.values()) watch.abort();
  };
  signal.addEventListener('abort', endAll, { once: true });
  call.on('data', ({ id, revision, over }: DeliveryAsk) => {
    const key = String(id);
    open.get(key)?.abort();
    open.delete(key);
    if (over || signal.aborted || open.size >= WATCHES_MAX) return;
    const watch = new AbortController();
    open.set(key, watch);
    source.watch(
      revision === 0n ? 'now' : Number(revision),
      (proxies) => {
        if (!watch.signal.aborted && call.writable) call.write(create(DeliveryReportSchema, { id, proxies: toJsonBytes(proxies) }));
      },
      watch.signal,
    );
  });
}

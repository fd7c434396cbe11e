import { create } from '@bufbuild/protobuf';
import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { DeliverySource, ProxyConvergence } from '@mesh/core';
import { type DeliveryAsk, DeliveryAskSchema, type DeliveryReport } from '@mesh/proto/kuma/internal/v1/delivery_pb.js';
import { fromJsonBytes } from '../control-plane/codec.js';

/** A stream on which whoever serves proxies answers what is asked of it. */
export type ReportCall = ServerDuplexStream<DeliveryReport, DeliveryAsk>;

/** Longest list of proxies that is taken from a peer. */
const LAGGING_MAX = 1000;

/** The other end of a report stream as a source: a watch is an ask, and its reports are what it tells. */
export class ReportedDeliveries implements DeliverySource {
  private readonly listeners = new Map<string, (state: ProxyConvergence) => void>();
  private lastId = 0n;

  /** @param onBroken told where a report cannot be read. */
  constructor(
    private readonly call: ReportCall,
    onBroken: (error: unknown) => void,
  ) {
    call.on('data', (report: DeliveryReport) => {
      try {
        this.listeners.get(String(report.id))?.(readProxies(report.proxies));
      } catch (error) {
        onBroken(error);
      }
    });
  }

  watch(revision: number | 'now', listener: (state: ProxyConvergence) => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    const id = ++this.lastId;
    this.listeners.set(String(id), listener);
    this.ask({ id, revision: revision === 'now' ? 0n : BigInt(revision), over: false });
    const end = (): void => {
      this.listeners.delete(String(id));
      this.ask({ id, revision: 0n, over: true });
    };
    signal.addEventListener('abort', end, { once: true });
  }

  private ask(ask: { readonly id: bigint; readonly revision: bigint; readonly over: boolean }): void {
    if (this.call.writable) this.call.write(create(DeliveryAskSchema, ask));
  }
}

/** A peer of ours wrote it, but of another version maybe: what is no number counts as none. */
function readProxies(bytes: Uint8Array): ProxyConvergence {
  const { connected, converged, unknown, offline, lagging, instances } = fromJsonBytes<Partial<ProxyConvergence>>(bytes);
  return {
    connected: Number(connected) || 0,
    converged: Number(converged) || 0,
    unknown: Number(unknown) || 0,
    offline: Number(offline) || 0,
    lagging: Array.isArray(lagging) ? lagging.slice(0, LAGGING_MAX) : [],
    instances: Array.isArray(instances) ? instances : [],
  };
}

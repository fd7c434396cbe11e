import { readJson, writeJson } from '@mesh/control-plane';
import { holderOf, type InstanceBus, loneBus, type MeshError, type ZoneConvergence } from '@mesh/core';

const METHOD = 'zone-convergence';
const factOf = (zone: string): string => `zone/${zone}`;

interface Asked {
  readonly zone: string;
  readonly revision: number;
}

export interface RemoteZoneListener {
  onState(state: ZoneConvergence): void;
  /** Nothing more will be told. */
  onEnd(error: MeshError | undefined): void;
}

/** How far a zone on this instance has come: now and after every change, until the signal aborts. */
type WatchZone = (asked: Asked, listener: (state: ZoneConvergence) => void, signal: AbortSignal) => void;

/** Zones that are connected to other instances of the global. */
export class RemoteZones {
  constructor(private readonly bus: InstanceBus = loneBus('')) {}

  /** A zone is sent what it should have by this instance; returns what to do when it no longer is. */
  hold(zone: string): () => void {
    return this.bus.hold(factOf(zone), new Date().toISOString());
  }

  /** Answers the others. */
  serve(watch: WatchZone): void {
    this.bus.serve(METHOD, (body, answer) => {
      watch(readJson<Asked>(body), (state) => answer.tell(writeJson(state)), answer.signal);
    });
  }

  /** The instance in reach to which a zone is connected. */
  holder(zone: string): string | undefined {
    return this.bus.connected ? holderOf(this.bus, factOf(zone))?.instanceId : undefined;
  }

  watch(asked: Asked & { readonly instanceId: string }, listener: RemoteZoneListener, signal: AbortSignal): void {
    const { instanceId, zone, revision } = asked;
    const onTell = (body: Uint8Array): void => listener.onState(readJson<ZoneConvergence>(body));
    this.bus.ask({ instanceId, method: METHOD, body: writeJson({ zone, revision }), signal }, { onTell, onEnd: listener.onEnd });
  }

  /** Calls back when zones came to other instances, or went. */
  subscribe(listener: () => void): { unsubscribe(): void } {
    return this.bus.subscribe(listener);
  }
}

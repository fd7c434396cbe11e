import { MeshError } from '@mesh/core';
import type { SyncSession } from '@mesh/grpc';
import type { Beat, KdsReceiver, KdsSender, Refusal } from '@mesh/kds';
import type { DeltaDiscoveryResponse } from '@mesh/proto/envoy/service/discovery/v3/discovery_pb.js';
import type { SyncDirectionName } from '@mesh/resources';
import { Pulse } from './pulse.js';
import type { SyncStatuses } from './sync-status.js';

/** A stream that is watched. */
export interface WatchedStream {
  readonly zone: string;
  readonly direction: SyncDirectionName;
  readonly statuses: SyncStatuses;
  /** See Pulse. */
  readonly patience: number;
  readonly refused: () => readonly Refusal[];
  /** Ends the stream; the zone then dials anew. */
  readonly fail: (error: unknown) => void;
}

/** Watches over one stream while it is open. */
export interface StreamWatch {
  /** A message came. */
  heard(): void;
  close(): void;
}

/** The sending end: sends beats where the peer answers them, and knows the lag by itself. */
export function watchSender(stream: WatchedStream & { readonly sender: KdsSender; readonly revision: () => number }): StreamWatch {
  const { sender, statuses, zone, direction, refused, patience } = stream;
  const pulse = new Pulse({
    intervalMs: statuses.beatIntervalMs,
    patience,
    beat: () => {
      if (sender.takesBeats) {
        pulse.judge();
        sender.beat();
      }
      status.changed();
    },
    onSilent: (ms) => endSilent(stream, ms),
  });
  const lag = () => Math.max(0, stream.revision() - Math.max(0, sender.settledRevision));
  const status = statuses.open(zone, direction, { lag, silenceMs: () => silenceOf(pulse), refused });
  return watchOf(pulse, status);
}

/** The receiving end: the beats of the peer tell how far behind it is. */
export function watchReceiver(stream: WatchedStream): StreamWatch & { onBeat(beat: Beat): void } {
  const { statuses, zone, direction, refused, patience } = stream;
  let behind: number | undefined;
  const pulse = new Pulse({
    intervalMs: statuses.beatIntervalMs,
    patience,
    beat: () => status.changed(),
    onSilent: (ms) => endSilent(stream, ms),
  });
  const status = statuses.open(zone, direction, { lag: () => behind, silenceMs: () => silenceOf(pulse), refused });
  return {
    ...watchOf(pulse, status),
    onBeat: ({ revision, settled }) => {
      pulse.judge();
      behind = Math.max(0, revision - Math.max(0, settled));
      status.changed();
    },
  };
}

/** Starts the receiving end of a stream: its session, which both ends when the stream does. */
export function receivingSession(receiver: KdsReceiver, watch: StreamWatch): SyncSession<DeltaDiscoveryResponse> {
  receiver.start();
  return {
    onMessage: (response) => {
      watch.heard();
      receiver.onResponse(response);
    },
    onEnd: () => {
      watch.close();
      receiver.stop();
    },
  };
}

/** Peers of Kuma are silent whenever nothing changes. */
function silenceOf(pulse: Pulse): number | undefined {
  return pulse.isJudging ? pulse.silenceMs : undefined;
}

function watchOf(pulse: Pulse, status: { close(): void }): StreamWatch {
  return {
    heard: () => pulse.heard(),
    close: () => {
      pulse.stop();
      status.close();
    },
  };
}

function endSilent({ statuses, zone, direction, fail }: WatchedStream, silenceMs: number): void {
  statuses.silent(zone, direction);
  fail(new MeshError('unavailable', { public: `the stream ${direction} was silent for ${(silenceMs / 1000).toFixed(1)} s` }));
}

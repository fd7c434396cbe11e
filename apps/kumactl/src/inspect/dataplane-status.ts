import { TAG_SERVICE } from '@mesh/core';
import type { DataplaneInbound, DataplaneListener, DataplaneSpec } from '@mesh/resources';

/** Status of a dataplane, and what of it is not ready. */
export interface DataplaneStatus {
  readonly status: 'Online' | 'Offline' | 'Partially degraded';
  readonly notes: readonly string[];
}

/** Online where connected and ready in all its parts; gateways have no parts (contract/rest-api.md §5, Tables). */
export function dataplaneStatus(spec: DataplaneSpec, connected: boolean): DataplaneStatus {
  const { gateway, inbound = [], listeners = [] } = spec.networking ?? {};
  if (gateway) return { status: connected ? 'Online' : 'Offline', notes: [] };
  const inbounds = inbound.filter(({ state }) => state !== 'Ignored');
  const notes = [
    ...inbounds.filter(isUnready).map(inboundNote),
    ...listeners.filter(({ state }) => state === 'NotReady').map(listenerNote),
  ];
  const parts = inbounds.length + listeners.length;
  if (!connected || (parts > 0 && notes.length === parts)) return { status: 'Offline', notes };
  return { status: notes.length > 0 ? 'Partially degraded' : 'Online', notes };
}

function isUnready({ state, health }: DataplaneInbound): boolean {
  return state === 'NotReady' || health?.ready === false;
}

function inboundNote({ port, tags }: DataplaneInbound): string {
  return `inbound[port=${port},svc=${tags?.[TAG_SERVICE] ?? ''}]: not ready`;
}

function listenerNote({ port, type }: DataplaneListener): string {
  return `listener[port=${port},type=${type}]: not ready`;
}

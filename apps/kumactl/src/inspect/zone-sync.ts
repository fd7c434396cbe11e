import type { SyncDirection, SyncStatus } from '@mesh/resources';
import { age } from '../output/time.js';

/** Columns of `inspect zones` about the sync of a zone; a control plane of Kuma has none of it. */
export const SYNC_HEADERS = ['TO ZONE', 'FROM ZONE', 'PROVED BY', 'NOTES'];
/** Whoever is refused comes back every half a minute: a claim older than this was given up. */
const CLAIM_SHOWN_MS = 300_000;

/** Both directions, how the zone proved its name, and what somebody should look at. */
export function syncColumns(sync: SyncStatus = {}, nowMs: number): string[] {
  return [directionText(sync.globalToZone), directionText(sync.zoneToGlobal), sync.authentication ?? '', notesOf(sync, nowMs).join('; ')];
}

function directionText({ live, lagRevisions, refused = [] }: SyncDirection = {}): string {
  if (!live) return 'no stream';
  const step = lagRevisions === undefined ? 'live' : lagRevisions === 0 ? 'in step' : `${lagRevisions} behind`;
  return refused.length === 0 ? step : `${step}, ${refused.length} refused`;
}

function notesOf({ renamedTo, refusedClaim, globalToZone, zoneToGlobal }: SyncStatus, nowMs: number): string[] {
  const notes: string[] = [];
  if (renamedTo) notes.push(`is zone "${renamedTo}" now`);
  const { time, reason = '' } = refusedClaim ?? {};
  if (time && nowMs - Date.parse(time) < CLAIM_SHOWN_MS) notes.push(`refused ${age(time, nowMs)} ago: ${reason}`);
  for (const { kind = '', name = '', reason: why = '' } of [...(globalToZone?.refused ?? []), ...(zoneToGlobal?.refused ?? [])])
    notes.push(`${kind} ${name}: ${why}`.replace(/\s+/g, ' '));
  return notes;
}

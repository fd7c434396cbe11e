import {
  type AuditBounds,
  type AuditEntry,
  type AuditLane,
  type AuditQuery,
  type AuditRecord,
  type AuditStore,
  laneBounds,
  laneOf,
  type TimedAuditEntry,
} from '@mesh/core';

/** Records of one process, oldest first in each lane. */
export class MemoryAudit implements AuditStore {
  private readonly lanes: Record<AuditLane, AuditRecord[]> = { done: [], refused: [], strangers: [] };
  private lastId = 0;

  /** @param now milliseconds since the epoch. */
  constructor(
    private readonly bounds: AuditBounds,
    private readonly now: () => number,
  ) {}

  async append(entries: readonly TimedAuditEntry[]): Promise<void> {
    for (const entry of entries) this.keep(entry);
  }

  /** Keeps the record of a write that is just made. */
  add(entry: AuditEntry, made: { readonly time: string; readonly revision: number }): void {
    this.keep({ ...entry, ...made });
  }

  async read(query: AuditQuery): Promise<readonly AuditRecord[]> {
    const fitting = Object.values(this.lanes).flatMap((lane) => lane.filter((record) => fits(record, query)));
    return fitting.sort((a, b) => b.id - a.id).slice(0, query.limit);
  }

  private keep(entry: Omit<AuditRecord, 'id'>): void {
    const name = laneOf(entry);
    const lane = this.lanes[name];
    lane.push({ ...entry, id: ++this.lastId });
    const { maxAge } = this.bounds;
    const oldest = maxAge === 0 ? '' : new Date(this.now() - maxAge).toISOString();
    while (lane.length > laneBounds(this.bounds)[name] || (lane[0] && lane[0].time < oldest)) lane.shift();
  }
}

function fits(record: AuditRecord, { who, kind, mesh, name, outcome, since, until, before }: AuditQuery): boolean {
  const asked = { who, kind, mesh, name, outcome };
  for (const [field, value] of Object.entries(asked)) {
    if (value !== undefined && record[field as keyof typeof asked] !== value) return false;
  }
  if (before !== undefined && record.id >= before) return false;
  return (since === undefined || record.time >= timeOf(since)) && (until === undefined || record.time < timeOf(until));
}

/** As records spell times, so that texts compare as times do. */
function timeOf(text: string): string {
  return new Date(text).toISOString();
}

/** How often candidates look at the leader. */
export const LOOK_MS = 200;
/** A leader that says nothing for so long hangs: three words are missing, and a moment more. */
export const PATIENCE_MIN_MS = 550;
/** Its lease is over by then anyway. */
export const PATIENCE_MAX_MS = 5_000;
/** Looks further apart tell that the candidate or the server stood still in between, and with it perhaps everything. */
const LOOKS_APART_MAX_MS = 450;
/** A leader that was silent so often and went on is given that many times its longest silence. */
const CAUTION = 2;
/** What was seen of its silences loses half of its weight in this time. */
const SILENCE_HALVED_MS = 60_000;
/** Past the moment at which patience ends, so that one look suffices. */
const MARGIN_MS = 5;

/** What one look at the leader told. Times in ms by the clock of the server, so that whoever looks need not be in time. */
export interface LeaderLook {
  /** Which leader it is. */
  readonly fence: string;
  readonly nowMs: number;
  /** When it last gave a sign of life; undefined where that cannot be known, and the lease alone counts. */
  readonly beatMs: number | undefined;
  /** What earlier takeovers suggest to wait for a sign of life at least. */
  readonly patienceMs: number;
}

/** What to do about it. */
export interface LeaderVerdict {
  /** It hangs, as far as one can tell: whoever takes over early does no harm where it does not. */
  readonly isSilent: boolean;
  /** When to look again. */
  readonly nextMs: number;
}

/**
 * Tells a leader that hangs from one that is busy, and from a candidate or server that stood still itself. Silence counts only
 * while it is watched without a gap; patience grows with the silences the leader came back from.
 */
export class LeaderWatch {
  private fence: string | undefined;
  private beatMs = 0;
  private lookedMs = Number.NEGATIVE_INFINITY;
  /** Since when it is watched without a gap. */
  private sinceMs = 0;
  private longestMs = 0;
  private longestAtMs = 0;

  /** Takes what was seen, in the order it was seen. */
  look(look: LeaderLook): LeaderVerdict {
    const { nowMs, beatMs } = look;
    if (look.fence !== this.fence) this.begin(look);
    const apartMs = nowMs - this.lookedMs;
    if (apartMs > LOOKS_APART_MAX_MS || apartMs < 0) this.sinceMs = nowMs;
    else if (beatMs !== undefined && beatMs > this.beatMs) this.note(this.lookedMs - Math.max(this.beatMs, this.sinceMs), nowMs);
    this.lookedMs = nowMs;
    if (beatMs === undefined) return { isSilent: false, nextMs: LOOK_MS };
    this.beatMs = beatMs;
    const leftMs = this.patienceMs(look) - (nowMs - Math.max(beatMs, this.sinceMs));
    return { isSilent: leftMs <= 0, nextMs: Math.min(LOOK_MS, Math.max(0, leftMs) + MARGIN_MS) };
  }

  private begin({ fence }: LeaderLook): void {
    this.fence = fence;
    this.beatMs = Number.POSITIVE_INFINITY;
    this.longestMs = 0;
  }

  private patienceMs({ patienceMs, nowMs }: LeaderLook): number {
    return Math.min(PATIENCE_MAX_MS, Math.max(patienceMs, CAUTION * this.longestAt(nowMs)));
  }

  private note(silentMs: number, nowMs: number): void {
    if (silentMs <= this.longestAt(nowMs)) return;
    this.longestMs = silentMs;
    this.longestAtMs = nowMs;
  }

  private longestAt(nowMs: number): number {
    return this.longestMs * 0.5 ** ((nowMs - this.longestAtMs) / SILENCE_HALVED_MS);
  }
}

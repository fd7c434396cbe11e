import type { TypeRule } from './rules.js';
import type { SnapshotResource, SnapshotType } from './snapshot.js';
import { Subscription } from './subscription.js';

/** Name to version of everything a response said; `undefined` for a removal. */
type Members = Map<string, string | undefined>;

/** A response that the client has not answered yet. */
export interface Outstanding {
  readonly nonce: string;
  readonly version: string;
  readonly generation: number;
  readonly members: Members;
  /** It holds resources that the client did not have. */
  readonly adds: boolean;
}

/** What is to be told about a type. */
export interface Payload {
  readonly changed: readonly SnapshotResource[];
  readonly removed: readonly string[];
}

/** The version of a resource of which we cannot say what the client did with it. */
const unknownVersion = '';
/** After this many snapshots a change no longer waits for what came later. */
const waitMax = 16;
const noBody = new Uint8Array();

/** Everything a session knows about one type of one stream. */
export class TypeState {
  readonly subscription = new Subscription();
  /** What the client holds, as far as we can tell. */
  readonly known = new Map<string, SnapshotResource>();
  /** Names that the client asked about: answered whatever we believe it holds. */
  readonly asked = new Set<string>();
  outstanding: Outstanding | undefined;
  /** A response is due even if it is empty. */
  owesAnswer = false;
  /** Whether anything was ever sent for this type. */
  responded = false;
  /** Whether the client is known to answer: it did, or it came with versions that it had accepted. */
  answers = false;
  /** The newest snapshot of which the client has answered all changes. */
  settled = -1;
  /** Since which snapshot changes wait, and in what version; `undefined` while none do. */
  waiting: { readonly first: number; readonly since: number; readonly version: string; readonly adds: boolean } | undefined;
  /** Became due after the outstanding response was sent, without a new snapshot. */
  private renewed = false;
  private toldHeld = false;
  private rejections: Members[] = [];
  private clean: SnapshotType | undefined;

  constructor(
    readonly typeUrl: string,
    readonly rule: TypeRule,
  ) {}

  /** The client no longer has, or asks anew for, a resource. */
  forget(name: string): void {
    this.known.delete(name);
    this.renewed = true;
    this.clean = undefined;
  }

  /** The resource must be sent again, though it did not change. */
  renew(name: string): void {
    const held = this.known.get(name);
    if (held) this.known.set(name, inUnknownVersion(held));
    this.renewed = true;
    this.clean = undefined;
  }

  /**
   * Changes are due in this snapshot. What changes again waits anew, for what it now builds on; but
   * not for ever.
   * @returns the snapshot whose changes of other types have to be answered first.
   */
  wait(generation: number, type: SnapshotType, changed: readonly SnapshotResource[]): number {
    const waiting = this.waiting ?? { first: generation, since: generation, version: type.version };
    const since = waiting.version === type.version ? waiting.since : Math.min(generation, waiting.first + waitMax);
    this.waiting = { first: waiting.first, since, version: type.version, adds: this.addsAny(changed) };
    this.settled = Math.min(this.settled, since - 1);
    return since;
  }

  /** The client claims to hold a version of a resource. */
  assume(name: string, version: string): void {
    this.known.set(name, { name, version: version === '' ? unknownVersion : version, body: noBody });
    this.clean = undefined;
  }

  /** To be called after the subscription changed. */
  subscriptionChanged(): void {
    this.clean = undefined;
  }

  /** Whether there is nothing to tell and nothing unanswered. */
  idle(type: SnapshotType): boolean {
    if (this.outstanding !== undefined || this.owesAnswer || this.asked.size > 0) return false;
    return this.isClean(type) || (this.changes(type).length === 0 && this.removals(type).length === 0);
  }

  /** Resources that the client lacks or has in another version. */
  changes(type: SnapshotType): SnapshotResource[] {
    if (this.isClean(type)) return [];
    return this.wanted(type).filter((resource) => {
      if (this.asked.has(resource.name)) return true;
      return this.known.get(resource.name)?.version !== resource.version && !this.isRejected(resource.name, resource.version);
    });
  }

  /** Names that the client holds and should not. */
  removals(type: SnapshotType): string[] {
    if (this.isClean(type)) return [];
    return [...this.known.keys()].filter((name) => {
      const wanted = this.subscription.includes(name) && type.resources.has(name);
      return !wanted && !this.asked.has(name) && !this.isRejected(name, undefined);
    });
  }

  /** Lets go of what is no longer wanted and cannot be told: it is sent again should it come back. */
  dropUnwanted(type: SnapshotType): void {
    for (const name of this.removals(type)) this.known.delete(name);
  }

  /** Names asked for that do not exist. */
  absent(type: SnapshotType): string[] {
    return [...this.asked].filter((name) => !(this.subscription.includes(name) && type.resources.has(name)));
  }

  /** The snapshot restricted to the subscription. */
  wanted(type: SnapshotType): SnapshotResource[] {
    if (this.subscription.wildcard) return [...type.resources.values()];
    const found: SnapshotResource[] = [];
    for (const name of this.subscription.names) {
      const resource = type.resources.get(name);
      if (resource) found.push(resource);
    }
    return found;
  }

  /** There is nothing to tell a client that came with versions it had accepted: true once, and not after a response. */
  comesWithAll(): boolean {
    const isFirst = this.answers && !this.responded && !this.toldHeld;
    this.toldHeld ||= isFirst;
    return isFirst;
  }

  /** Remembers that there was nothing to tell, so that the next look is free. */
  markClean(type: SnapshotType): void {
    this.clean = type;
  }

  hasRejections(): boolean {
    return this.rejections.length > 0;
  }

  /** Books a response as sent. */
  sent(outstanding: Omit<Outstanding, 'members' | 'adds'>, payload: Payload): void {
    const adds = this.addsAny(payload.changed);
    const members: Members = new Map();
    for (const resource of payload.changed) {
      members.set(resource.name, resource.version);
      this.known.set(resource.name, resource);
    }
    for (const name of payload.removed) {
      members.set(name, undefined);
      this.known.delete(name);
    }
    for (const name of members.keys()) {
      this.asked.delete(name);
      for (const rejection of this.rejections) rejection.delete(name);
    }
    this.rejections = this.rejections.filter((rejection) => rejection.size > 0);
    this.outstanding = { ...outstanding, members, adds };
    this.owesAnswer = false;
    this.responded = true;
    this.renewed = false;
    this.waiting = undefined;
    this.clean = undefined;
  }

  /** The client accepted the outstanding response. */
  acknowledged(): Outstanding | undefined {
    const answered = this.outstanding;
    this.outstanding = undefined;
    this.answers ||= answered !== undefined;
    if (answered && !this.renewed) this.settled = Math.max(this.settled, answered.generation);
    return answered;
  }

  /** The client refused the outstanding response: what was in it is not sent again until some of it changes. */
  rejected(): Outstanding | undefined {
    const answered = this.acknowledged();
    if (!answered) return undefined;
    for (const name of answered.members.keys()) {
      if (!this.subscription.includes(name)) continue;
      this.known.set(name, inUnknownVersion(this.known.get(name) ?? { name, version: unknownVersion, body: noBody }));
    }
    this.rejections.push(answered.members);
    this.clean = undefined;
    return answered;
  }

  /** Frees rejected responses of which any part is different now; the good parts of it were refused with the bad ones. */
  releaseRejections(type: SnapshotType): void {
    if (this.rejections.length === 0) return;
    this.rejections = this.rejections.filter((rejection) =>
      [...rejection].every(([name, version]) => {
        const wanted = this.subscription.includes(name) ? type.resources.get(name)?.version : undefined;
        return wanted === version;
      }),
    );
    this.clean = undefined;
  }

  private addsAny(resources: readonly SnapshotResource[]): boolean {
    return resources.some(({ name }) => !this.known.has(name));
  }

  private isRejected(name: string, version: string | undefined): boolean {
    return this.rejections.some((rejection) => rejection.has(name) && rejection.get(name) === version);
  }

  private isClean(type: SnapshotType): boolean {
    if (this.clean === undefined || this.asked.size > 0) return false;
    return this.clean === type || (type.version !== '' && this.clean.version === type.version);
  }
}

/** Its body is not asked for: it may not have been made yet. */
function inUnknownVersion(held: SnapshotResource): SnapshotResource {
  return {
    name: held.name,
    version: unknownVersion,
    get body() {
      return held.body;
    },
  };
}

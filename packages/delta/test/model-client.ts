import { DeltaSession, type SendAction, type SessionAction, type Snapshot, SotwSession, xdsRules, xdsTypeUrls } from '../src/index.js';

const { cluster, endpoint, listener, route } = xdsTypeUrls;
export const fullStateTypes = new Set<string>([cluster, listener]);
export const modelTypes = [cluster, endpoint, listener, route] as const;

interface ModelType {
  wildcard: boolean;
  readonly names: Set<string>;
  /** Once names were given, the wildcard has to be spelled. */
  hadNames: boolean;
  readonly store: Map<string, string>;
  /** SotW: last accepted version and last nonce seen. */
  version: string;
  nonce: string;
  opened: boolean;
}

/** A snapshot from type to name to version; a body is the version in bytes. */
export function snapshotOf(content: Readonly<Record<string, Readonly<Record<string, string>>>>): Snapshot {
  return new Map(
    Object.entries(content).map(([typeUrl, resources]) => {
      const entries = Object.entries(resources).map(([name, version]) => [name, { name, version, body: Buffer.from(version) }] as const);
      return [typeUrl, { version: JSON.stringify(Object.entries(resources).sort()), resources: new Map(entries) }] as const;
    }),
  );
}

/**
 * A client with a stream to a session: two queues that deliver when told. It refuses whole
 * responses that hold a version that starts with `bad`, and keeps count of what it broke.
 */
export class ModelClient {
  readonly types = new Map<string, ModelType>();
  /** Clusters that changed and whose endpoints did not arrive since. */
  readonly warming = new Set<string>();
  /** Runs after a response was taken in and before it is acknowledged, as Envoy's follow-up requests do. */
  afterAccept: () => void = () => {};
  /** As Envoy does once it runs: clusters are acknowledged when all of them are warm. */
  answersWhenWarm = false;
  private heldAnswer: (() => void) | undefined;
  private session!: DeltaSession | SotwSession;
  private toServer: (() => SessionAction[])[] = [];
  private toClient: SendAction[] = [];
  private readonly unanswered = new Set<string>();
  private snapshot: Snapshot | undefined;
  private stream = 0;

  constructor(readonly variant: 'delta' | 'sotw') {
    this.connect();
  }

  type(typeUrl: string): ModelType {
    let type = this.types.get(typeUrl);
    if (!type) {
      type = { wildcard: false, names: new Set(), hadNames: false, store: new Map(), version: '', nonce: '', opened: false };
      this.types.set(typeUrl, type);
    }
    return type;
  }

  /** A new stream; what the client holds it tells. */
  connect(): void {
    this.session = this.variant === 'delta' ? new DeltaSession(xdsRules) : new SotwSession(xdsRules);
    this.stream += 1;
    this.toServer = [];
    this.toClient = [];
    this.unanswered.clear();
    if (this.snapshot) this.take(this.session.onSnapshot(this.snapshot));
    for (const [typeUrl, type] of this.types) {
      type.nonce = '';
      if (type.opened) this.open(typeUrl);
    }
  }

  /** Sends the first request for a type. */
  open(typeUrl: string): void {
    const type = this.type(typeUrl);
    type.opened = true;
    if (fullStateTypes.has(typeUrl) && type.names.size === 0) type.wildcard = true;
    if (this.variant === 'sotw') this.requestSotw(typeUrl);
    else this.requestDelta(typeUrl, { subscribe: this.namesToAsk(type), initialVersions: Object.fromEntries(type.store) });
  }

  subscribe(typeUrl: string, name: string): void {
    const type = this.type(typeUrl);
    if (type.names.has(name)) return;
    type.names.add(name);
    type.hadNames = true;
    if (!type.opened) this.open(typeUrl);
    else if (this.variant === 'sotw') this.requestSotw(typeUrl);
    else this.requestDelta(typeUrl, { subscribe: [name] });
  }

  unsubscribe(typeUrl: string, name: string): void {
    const type = this.type(typeUrl);
    if (!type.names.delete(name)) return;
    if (!type.wildcard) type.store.delete(name);
    if (this.variant === 'sotw') this.requestSotw(typeUrl);
    else this.requestDelta(typeUrl, { unsubscribe: [name] });
  }

  setSnapshot(snapshot: Snapshot): void {
    this.snapshot = snapshot;
    this.take(this.session.onSnapshot(snapshot));
  }

  /** Delivers one request; false when there is none. */
  deliverToServer(): boolean {
    const request = this.toServer.shift();
    if (request) this.take(request());
    return request !== undefined;
  }

  /** Delivers one response; false when there is none. */
  deliverToClient(): boolean {
    const response = this.toClient.shift();
    if (response) this.receive(response);
    return response !== undefined;
  }

  /** Delivers everything, until both sides are quiet. */
  drain(): void {
    for (let i = 0; i < 10_000; i++) if (!this.deliverToClient() && !this.deliverToServer()) return;
    throw new Error('client and server never come to rest');
  }

  get settled(): boolean {
    return this.session.settled;
  }

  private namesToAsk(type: ModelType): string[] {
    return type.wildcard && type.hadNames ? ['*', ...type.names] : [...type.names];
  }

  private requestSotw(typeUrl: string, error?: string): void {
    const type = this.type(typeUrl);
    const request = {
      typeUrl,
      versionInfo: type.version,
      resourceNames: this.namesToAsk(type),
      responseNonce: type.nonce,
      ...(error ? { error } : {}),
    };
    const session = this.session as SotwSession;
    this.toServer.push(() => this.answering(request.responseNonce, () => session.onRequest(request)));
  }

  private requestDelta(typeUrl: string, part: Partial<Parameters<DeltaSession['onRequest']>[0]>): void {
    const request = { typeUrl, subscribe: [], unsubscribe: [], initialVersions: {}, responseNonce: '', ...part };
    const session = this.session as DeltaSession;
    this.toServer.push(() => this.answering(request.responseNonce, () => session.onRequest(request)));
  }

  private answering(nonce: string, run: () => SessionAction[]): SessionAction[] {
    for (const key of [...this.unanswered]) if (key.endsWith(`#${nonce}`)) this.unanswered.delete(key);
    return run();
  }

  private take(actions: readonly SessionAction[]): void {
    for (const action of actions) {
      if (action.type !== 'send') continue;
      if ([...this.unanswered].some((key) => key.startsWith(`${action.typeUrl}#`))) throw new Error(`two unanswered of ${action.typeUrl}`);
      this.unanswered.add(`${action.typeUrl}#${action.nonce}`);
      this.toClient.push(action);
    }
  }

  private receive(response: SendAction): void {
    const { typeUrl } = response;
    const type = this.type(typeUrl);
    const bad = response.resources.find((resource) => resource.version.startsWith('bad'));
    if (!bad) {
      this.accept(type, response);
      this.afterAccept();
    }
    const answer = () => this.answerTo(response, bad?.name);
    if (typeUrl === cluster && this.answersWhenWarm && this.warming.size > 0) this.heldAnswer = answer;
    else answer();
    if (this.heldAnswer && this.warming.size === 0) {
      this.heldAnswer();
      this.heldAnswer = undefined;
    }
  }

  private answerTo(response: SendAction, badName: string | undefined): void {
    const { typeUrl } = response;
    const type = this.type(typeUrl);
    type.nonce = response.nonce;
    if (this.variant === 'sotw') {
      if (badName === undefined) type.version = response.version;
      this.requestSotw(typeUrl, badName && `refused ${badName}`);
    } else {
      this.requestDelta(typeUrl, { responseNonce: response.nonce, ...(badName ? { error: `refused ${badName}` } : {}) });
    }
  }

  private accept(type: ModelType, response: SendAction): void {
    const before = new Map(type.store);
    if (this.variant === 'sotw' && fullStateTypes.has(response.typeUrl)) type.store.clear();
    for (const { name, body } of response.resources) {
      if (type.wildcard || type.names.has(name)) type.store.set(name, Buffer.from(body).toString());
    }
    for (const name of response.removed) type.store.delete(name);
    if (response.typeUrl === cluster) this.warm(before, type.store);
    if (response.typeUrl === endpoint) for (const { name } of response.resources) this.warming.delete(name);
  }
  private warm(before: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): void {
    for (const [name, version] of now) if (before.get(name) !== version) this.warming.add(name);
    for (const name of before.keys()) if (!now.has(name)) this.warming.delete(name);
  }
}

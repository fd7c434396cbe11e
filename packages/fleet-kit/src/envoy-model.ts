import type { Content, ContentCache } from './contents.js';
import type { Protocol } from './protocol.js';
import { type Held, SubscriptionState } from './subscription-state.js';
import type { NodeIdentity, XdsResource, XdsResponse } from './wire/messages.js';
import { TYPES } from './wire/types.js';

/** What an Envoy does besides keeping state. */
export interface EnvoyEvents {
  send(message: Uint8Array): void;
  /** The answer to a response was sent. */
  acknowledged(typeUrl: string): void;
  /** The control plane broke a rule. `rule` is short and the same for all cases of it. */
  violated(rule: string, detail: string): void;
}

export interface EnvoyModelOptions {
  readonly node: NodeIdentity;
  readonly protocol: Protocol;
  readonly cache: ContentCache;
  readonly events: EnvoyEvents;
}

/**
 * What an Envoy subscribes to and when it answers: clusters first; their endpoints and secrets; the answer to clusters once
 * they are warm; then listeners, with their routes and secrets.
 */
export class EnvoyModel {
  private readonly states = new Map<string, SubscriptionState>(
    Object.values(TYPES).map((type) => [type, new SubscriptionState(type, type === TYPES.cluster || type === TYPES.listener)]),
  );
  /** Load assignments without which a changed cluster is not warm. */
  private readonly warming = new Set<string>();
  private pendingClusters: XdsResponse | undefined;
  private listenersWanted = false;
  private introduced = false;

  constructor(private readonly options: EnvoyModelOptions) {}

  /** A stream is open: asks for everything, with the versions held from earlier ones. */
  opened(): void {
    this.introduced = false;
    this.pendingClusters = undefined;
    for (const name of this.warming) if (this.held(TYPES.endpoints).has(name)) this.warming.delete(name);
    for (const state of this.states.values()) state.reconnected();
    this.ask(TYPES.cluster, []);
    for (const type of [TYPES.endpoints, TYPES.route, TYPES.secret])
      if (this.state(type).names.length > 0) this.ask(type, this.state(type).names);
    if (this.listenersWanted) this.ask(TYPES.listener, []);
  }

  /** A message arrived. Reports what cannot be read, and refuses it where it can. */
  receive(bytes: Buffer): void {
    let response: XdsResponse;
    try {
      response = this.options.protocol.decode(bytes);
    } catch (error) {
      return this.options.events.violated('unreadable-response', String(error));
    }
    const state = this.states.get(response.typeUrl);
    if (!state?.requested) return this.options.events.violated('unrequested-type', response.typeUrl);
    if (response.nonce === '' || response.nonce === state.nonce)
      this.options.events.violated('nonce-repeated', `${response.typeUrl} ${response.nonce}`);
    state.nonce = response.nonce;
    try {
      this.apply(state, response);
    } catch (error) {
      this.options.events.violated('unreadable-resource', `${response.typeUrl}: ${String(error)}`);
      this.options.events.send(this.options.protocol.nack(state, response, String(error)));
    }
  }

  /** What is held of a type, by name. */
  held(typeUrl: string): ReadonlyMap<string, Held> {
    return this.state(typeUrl).held;
  }

  /** What is missing for a working proxy; empty in a good state. */
  faults(): string[] {
    const faults: string[] = [];
    if (!this.listenersWanted) faults.push('clusters were never all warm');
    if (this.pendingClusters) faults.push(`clusters are not warm: ${[...this.warming].slice(0, 3).join(', ')}`);
    const { clusters, routes, secrets } = this.references();
    const lacks = (what: string, typeUrl: string, names: Iterable<string>) => {
      const held = this.held(typeUrl);
      for (const name of names) if (!held.has(name)) faults.push(`${what} ${name}`);
    };
    lacks('no endpoints for cluster', TYPES.endpoints, this.edsNames());
    lacks('a route leads to no cluster:', TYPES.cluster, clusters);
    lacks('no routes for a listener:', TYPES.route, routes);
    lacks('no secret', TYPES.secret, secrets);
    return faults;
  }

  private apply(state: SubscriptionState, response: XdsResponse): void {
    const contents = response.resources.map((resource) => this.read(state, resource, response));
    const before = state.typeUrl === TYPES.cluster ? new Map(state.held) : undefined;
    if (state.wildcard && this.options.protocol.replaces) state.keepOnly(new Set(contents.map(({ content }) => content.name)));
    for (const name of response.removed) state.held.delete(name);
    for (const held of contents) state.held.set(held.content.name, held);
    switch (state.typeUrl) {
      case TYPES.cluster:
        return this.clustersChanged(response, before ?? new Map());
      case TYPES.listener:
        this.ask(TYPES.route, [...this.references().routes].sort());
        this.ask(TYPES.secret, [...this.references().secrets].sort());
        return this.acknowledge(state, response);
      case TYPES.endpoints:
        for (const { content } of contents) this.warming.delete(content.name);
    }
    this.acknowledge(state, response);
    this.answerWarmClusters();
  }

  private read(state: SubscriptionState, resource: XdsResource, response: XdsResponse): Held {
    const content = this.options.cache.read(state.typeUrl, resource.body);
    const version = this.options.protocol.replaces ? response.version : resource.version;
    const before = state.held.get(content.name);
    if (before?.version === version && before.content.hash !== content.hash) {
      this.options.events.violated('version-reused', `${state.typeUrl} ${content.name}: two contents with version ${version}`);
    }
    return { content, version };
  }

  private clustersChanged(response: XdsResponse, before: ReadonlyMap<string, Held>): void {
    const changed: string[] = [];
    for (const [name, { content }] of this.held(TYPES.cluster)) {
      if (content.edsName !== '' && before.get(name)?.content.hash !== content.hash) changed.push(content.edsName);
    }
    const names = this.edsNames();
    for (const name of this.warming) if (!names.includes(name)) this.warming.delete(name);
    for (const name of changed) this.warming.add(name);
    this.pendingClusters = response;
    const held = this.held(TYPES.endpoints);
    this.ask(
      TYPES.endpoints,
      names,
      changed.filter((name) => held.has(name)),
    );
    this.ask(TYPES.secret, [...this.references().secrets].sort());
    this.answerWarmClusters();
  }

  /** Envoy answers clusters only when they are warm, and asks for listeners after the first such answer. */
  private answerWarmClusters(): void {
    const response = this.pendingClusters;
    if (!response || this.warming.size > 0 || !this.hasSecretsOfClusters()) return;
    this.pendingClusters = undefined;
    this.acknowledge(this.state(TYPES.cluster), response);
    if (this.listenersWanted) return;
    this.listenersWanted = true;
    this.ask(TYPES.listener, []);
  }

  private hasSecretsOfClusters(): boolean {
    const secrets = this.held(TYPES.secret);
    for (const { content } of this.held(TYPES.cluster).values()) if (!content.secrets.every((name) => secrets.has(name))) return false;
    return true;
  }

  private ask(typeUrl: string, names: readonly string[], again: readonly string[] = []): void {
    const state = this.state(typeUrl);
    if (!state.wildcard && names.length === 0 && !state.requested) return;
    const node = this.introduced ? undefined : this.options.node;
    const message = this.options.protocol.request(state, { names, again }, node);
    if (!message) return;
    this.introduced = true;
    if (!state.wildcard) state.keepOnly(new Set(names));
    this.options.events.send(message);
  }

  private acknowledge(state: SubscriptionState, response: XdsResponse): void {
    this.options.events.send(this.options.protocol.ack(state, response));
    this.options.events.acknowledged(state.typeUrl);
  }

  private state(typeUrl: string): SubscriptionState {
    const state = this.states.get(typeUrl);
    if (!state) throw new Error(`no subscription of type ${typeUrl}`);
    return state;
  }

  /** Names of the load assignments of all clusters, in order. */
  private edsNames(): string[] {
    const names = new Set<string>();
    for (const { content } of this.held(TYPES.cluster).values()) if (content.edsName !== '') names.add(content.edsName);
    return [...names].sort();
  }

  private references(): { clusters: Set<string>; routes: Set<string>; secrets: Set<string> } {
    const found = { clusters: new Set<string>(), routes: new Set<string>(), secrets: new Set<string>() };
    const add = ({ clusters, routes, secrets }: Content) => {
      for (const name of clusters) found.clusters.add(name);
      for (const name of routes) found.routes.add(name);
      for (const name of secrets) found.secrets.add(name);
    };
    for (const type of [TYPES.cluster, TYPES.listener, TYPES.route]) for (const { content } of this.held(type).values()) add(content);
    return found;
  }
}

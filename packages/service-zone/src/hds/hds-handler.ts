import { equals } from '@bufbuild/protobuf';
import {
  type CredentialWatch,
  type ProxyAuthenticator,
  type ProxyNode,
  type ProxyWriter,
  parseProxyNode,
} from '@mesh/control-plane/proxies';
import { type JsonObject, keyOf, type Logger, MeshError, messageOf, type Resource, type ResourceKey, type ResourceView } from '@mesh/core';
import {
  type EndpointHealthResponse,
  type HealthCheckSpecifier,
  HealthCheckSpecifierSchema,
} from '@mesh/proto/envoy/service/health/v3/hds_pb.js';
import type { DataplaneSpec } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';
import { healthCheckSpecifier, withReportedHealth } from './specifier.js';

export interface HdsHandlerOptions {
  readonly view: ResourceView;
  readonly writer: ProxyWriter;
  readonly authenticate: ProxyAuthenticator;
  /** Ends streams whose credential is revoked or expires. */
  readonly credentials: CredentialWatch;
  readonly config: KumaConfig['dpServer']['hds'];
  readonly log: Logger;
}

/** The first message of a health stream, and its headers. */
export interface HdsOpen {
  readonly nodeId: string;
  readonly nodeMetadata: JsonObject;
  /** All values of the `authorization` header. */
  readonly authorization: readonly string[];
  readonly send: (specifier: HealthCheckSpecifier) => void;
  /** Ends the stream with a reason. */
  readonly fail: (error: MeshError) => void;
  /** Aborts when the stream ends. */
  readonly signal: AbortSignal;
}

export interface HdsPeer {
  onReport(report: EndpointHealthResponse): void;
}

/** ADS registers the proxy on a stream of its own, which may come later. */
const APPEARS_WITHIN_MS = 30_000;

/**
 * Health of workloads as their Envoys see it (contract/dataplane.md §2.5): hands out the probes of
 * a Dataplane and writes what comes back into its inbounds. Proxies without probes are asked nothing.
 */
export class HdsHandler {
  constructor(private readonly options: HdsHandlerOptions) {}

  /** Throws MeshError where the proxy is not let in. */
  async connect(open: HdsOpen): Promise<HdsPeer> {
    const { view } = this.options;
    const node = parseProxyNode(open.nodeId, open.nodeMetadata);
    const held = await this.admit(await this.appears(node, open.signal), open);
    let sent: HealthCheckSpecifier | undefined;
    const offer = () => {
      const current = view.get(node.key) as Resource<DataplaneSpec> | undefined;
      const specifier = current && healthCheckSpecifier(current, this.options.config);
      if (!specifier || (sent && equals(HealthCheckSpecifierSchema, specifier, sent))) return;
      sent = specifier;
      open.send(specifier);
    };
    offer();
    const subscription = view.subscribe((event) => {
      if (event.changes.some(({ key }) => sameKey(key, node.key))) offer();
    });
    const onEnd = () => {
      held.release();
      subscription.unsubscribe();
    };
    if (open.signal.aborted) onEnd();
    else open.signal.addEventListener('abort', onEnd, { once: true });
    return { onReport: (report) => void this.write(node.key, report) };
  }

  /** Lets the credential count for as long as it is good for what is stored of the proxy. */
  private admit(first: Resource, { authorization, fail }: HdsOpen): Promise<{ release(): void }> {
    const { view, authenticate, credentials } = this.options;
    const credential = authorization.length === 1 ? (authorization[0] ?? '') : '';
    const check = () => {
      const { meta, spec } = view.get(keyOf(first)) ?? first;
      return authenticate(credential, { kind: first.kind, mesh: meta.mesh, name: meta.name, labels: meta.labels, spec });
    };
    return credentials.hold(check, fail);
  }

  private async appears(node: ProxyNode, signal: AbortSignal): Promise<Resource> {
    const { view } = this.options;
    const found = view.get(node.key);
    if (found) return found;
    const ended = AbortSignal.any([signal, AbortSignal.timeout(APPEARS_WITHIN_MS)]);
    return new Promise((resolve, reject) => {
      const subscription = view.subscribe(() => {
        const resource = view.get(node.key);
        if (!resource) return;
        subscription.unsubscribe();
        resolve(resource);
      });
      ended.addEventListener(
        'abort',
        () => {
          subscription.unsubscribe();
          reject(new MeshError('not_found', { public: `${node.kind} ${node.key.name} is not known to this control plane` }));
        },
        { once: true },
      );
    });
  }

  /** A write that loses a race is made again with the next report. */
  private async write(key: ResourceKey, report: EndpointHealthResponse): Promise<void> {
    const { view, writer, log } = this.options;
    const dataplane = view.get(key) as Resource<DataplaneSpec> | undefined;
    if (!dataplane) return;
    const spec = withReportedHealth(dataplane, report);
    if (spec === dataplane.spec) return;
    const { labels, version, owner } = dataplane.meta;
    try {
      await writer.put({ ...key, labels, spec, ...(owner ? { owner } : {}) }, version);
    } catch (error) {
      if (!MeshError.is(error, 'conflict'))
        log.warn({ proxy: key.name, mesh: key.mesh, error: messageOf(error) }, 'the health of a proxy was not written');
    }
  }
}

function sameKey(a: ResourceKey, b: ResourceKey): boolean {
  return a.kind === b.kind && a.mesh === b.mesh && a.name === b.name;
}

import { type Clock, LABEL_FORMER_MESH, LABEL_WORKLOAD, type ResourceView } from '@mesh/core';
import { type TokenSource, verifyDataplaneToken, verifyZoneToken } from '@mesh/identity';
import type { DataplaneSpec } from '@mesh/resources';
import type { KumaConfig } from '@mesh/runtime';
import { readStaticKeys } from '../credentials/static-keys.js';
import type { ProxyAuthenticator, ProxyResource } from './ads-handler.js';
import { tagValuesOf } from './tag-values.js';
import { identityComesFromWorkload } from './workload-identity.js';

export interface AuthenticationOptions {
  readonly config: KumaConfig;
  readonly view: ResourceView;
  readonly clock: Clock;
  /** The zone of this control plane; `multizone.zone.name` unless said. */
  readonly zone?: string;
}

/**
 * Checks credentials of proxies as configured (contract/dataplane.md §2.2): dataplane tokens for
 * dataplanes, zone tokens for zone proxies, or nothing where the type is `none`. Throws MeshError
 * `invalid` at once where a configured key cannot be read.
 */
export function proxyAuthenticator({ config, view, clock, zone = config.multizone.zone.name }: AuthenticationOptions): ProxyAuthenticator {
  const { dpProxy, zoneProxy } = config.dpServer.authn;
  const { useSecrets } = dpProxy.dpToken.validator;
  const dataplaneKeys = readStaticKeys(dpProxy.dpToken.validator.publicKeys, 'dpServer.authn.dpProxy.dpToken.validator');
  const zoneKeys = readStaticKeys(zoneProxy.zoneToken.validator.publicKeys, 'dpServer.authn.zoneProxy.zoneToken.validator');
  const source = (token: string): TokenSource => ({ token, view, now: clock.now() });
  return async (credential, resource) => {
    if (resource.kind === 'Dataplane') {
      if (dpProxy.type === 'none') return {};
      return verifyDataplaneToken({ ...source(credential), staticKeys: dataplaneKeys, useSecrets, ...dataplaneFacts(view, resource) });
    }
    if (zoneProxy.type === 'none') return {};
    try {
      return await verifyZoneToken({
        ...source(credential),
        staticKeys: zoneKeys,
        useSecrets: zoneProxy.zoneToken.validator.useSecrets,
        zone,
        scope: resource.kind === 'ZoneIngress' ? 'ingress' : 'egress',
      });
    } catch (error) {
      const mesh = formerMeshOf(view, resource);
      if (mesh === undefined) throw error;
      const facts = { mesh, name: resource.name, nameRequired: true, dataplaneTags: {} };
      return verifyDataplaneToken({ ...source(credential), staticKeys: dataplaneKeys, useSecrets, ...facts });
    }
  };
}

/**
 * The mesh of the Dataplane a ZoneIngress was applied as: only then a dataplane token of its name
 * will do. What is stored counts, not what the proxy says of itself.
 */
function formerMeshOf(view: ResourceView, { kind, name }: ProxyResource): string | undefined {
  return kind === 'ZoneIngress' ? view.get({ kind, mesh: '', name })?.meta.labels[LABEL_FORMER_MESH] : undefined;
}

function dataplaneFacts(view: ResourceView, { mesh, name, labels = {}, spec }: ProxyResource) {
  const workload = labels[LABEL_WORKLOAD];
  const facts = { mesh, name, dataplaneTags: tagValuesOf(spec as DataplaneSpec) };
  return workload === undefined ? facts : { ...facts, workload, workloadRequired: identityComesFromWorkload(view, mesh, labels) };
}

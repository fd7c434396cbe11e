import { type CredentialWatch, type Grant, readStaticKeys } from '@mesh/control-plane';
import { type Clock, MeshError, type ResourceView } from '@mesh/core';
import type { ZonePeer } from '@mesh/grpc';
import { type StaticKey, verifyZoneToken } from '@mesh/identity';
import type { KumaConfig } from '@mesh/runtime';

/** How a zone proved its name. */
export type ZoneProof = 'client certificate' | 'zone token' | 'client certificate and zone token' | 'none';

export interface ZoneCredentialsOptions {
  readonly config: KumaConfig;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly watch: CredentialWatch;
}

/**
 * Lets zones in by zone tokens of scope `cp` and by client certificates. `multizone.global.kds.auth.type` says what they need:
 * `cpToken`, `clientCert`, neither (`optional`, where what is shown must be good), or that nothing is checked (`none`: a zone is
 * who it says it is, as in Kuma).
 */
export class ZoneCredentials {
  private readonly staticKeys: readonly StaticKey[];

  /** Throws `invalid` where a configured public key cannot be read. */
  constructor(private readonly options: ZoneCredentialsOptions) {
    const { publicKeys } = options.config.dpServer.authn.zoneProxy.zoneToken.validator;
    this.staticKeys = readStaticKeys(publicKeys, 'dpServer.authn.zoneProxy.zoneToken.validator');
  }

  /** Throws `unauthenticated` where the zone is not let in; `end` is called once its token is revoked, or what it showed expires. */
  readonly admit = (peer: ZonePeer, end: (error: MeshError) => void): Promise<{ release(): void }> => {
    return this.options.watch.hold(() => this.check(peer), end);
  };

  /** How a zone that was let in proved its name, as ZoneInsights show it. */
  proofOf({ authTokenProvided, certificate }: ZonePeer): ZoneProof {
    if (this.options.config.multizone.global.kds.auth.type === 'none') return 'none';
    if (certificate) return authTokenProvided ? 'client certificate and zone token' : 'client certificate';
    return authTokenProvided ? 'zone token' : 'none';
  }

  private async check(peer: ZonePeer): Promise<Grant> {
    const { type } = this.options.config.multizone.global.kds.auth;
    if (type === 'none') return {};
    const grants: Grant[] = [];
    if (peer.certificate || type === 'clientCert') grants.push(checkCertificate(peer));
    if (peer.authTokenProvided || type === 'cpToken') grants.push(await this.checkToken(peer));
    const ends = grants.flatMap(({ expiresAt }) => expiresAt ?? []);
    return ends.length > 0 ? { expiresAt: Math.min(...ends) } : {};
  }

  private checkToken({ zone, credential }: ZonePeer): Promise<Grant> {
    const { config, view, clock } = this.options;
    const { useSecrets } = config.dpServer.authn.zoneProxy.zoneToken.validator;
    const { staticKeys } = this;
    return verifyZoneToken({ token: credential, view, now: clock.now(), staticKeys, useSecrets, zone, zoneRequired: true, scope: 'cp' });
  }
}

function checkCertificate({ zone, certificate }: ZonePeer): Grant {
  if (!certificate) {
    const hint = 'set multizone.zone.kds.auth.clientCertFile and clientKeyFile at the zone to a certificate of a CA that the global trusts';
    throw new MeshError('unauthenticated', { public: 'the zone shows no client certificate of a CA that the global trusts', hint });
  }
  if (!certificate.names.includes(zone))
    throw new MeshError('unauthenticated', { public: `the client certificate names ${certificate.names.join(', ')}, not zone ${zone}` });
  return { expiresAt: certificate.expiresAt };
}

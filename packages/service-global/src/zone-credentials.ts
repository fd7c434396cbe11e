import { type CredentialWatch, type Grant, readStaticKeys } from '@mesh/control-plane';
import { type Clock, type MeshError, type ResourceView } from '@mesh/core';
import type { ZonePeer } from '@mesh/grpc';
import { type StaticKey, verifyZoneToken } from '@mesh/identity';
import type { KumaConfig } from '@mesh/runtime';

export interface ZoneCredentialsOptions {
  readonly config: KumaConfig;
  readonly view: ResourceView;
  readonly clock: Clock;
  readonly watch: CredentialWatch;
}

/**
 * Lets zones in by their zone tokens of scope `cp` (`multizone.global.kds.auth.type`): always, only
 * where one is shown (`optional`), or never (`none`: a zone is who it says it is, as in Kuma).
 */
export class ZoneCredentials {
  private readonly staticKeys: readonly StaticKey[];

  /** Throws `invalid` where a configured public key cannot be read. */
  constructor(private readonly options: ZoneCredentialsOptions) {
    const { publicKeys } = options.config.dpServer.authn.zoneProxy.zoneToken.validator;
    this.staticKeys = readStaticKeys(publicKeys, 'dpServer.authn.zoneProxy.zoneToken.validator');
  }

  /** Throws `unauthenticated` where the zone is not let in; `end` is called once its token is revoked or expires. */
  readonly admit = (peer: ZonePeer, end: (error: MeshError) => void): Promise<{ release(): void }> => {
    return this.options.watch.hold(() => this.check(peer), end);
  };

  /** How a zone that was let in proved its name, as ZoneInsights show it. */
  proofOf({ authTokenProvided }: ZonePeer): 'zone token' | 'none' {
    return authTokenProvided && this.options.config.multizone.global.kds.auth.type !== 'none' ? 'zone token' : 'none';
  }

  private async check({ zone, credential, authTokenProvided }: ZonePeer): Promise<Grant> {
    const { config, view, clock } = this.options;
    const { type } = config.multizone.global.kds.auth;
    if (type === 'none' || (type === 'optional' && !authTokenProvided)) return {};
    const { useSecrets } = config.dpServer.authn.zoneProxy.zoneToken.validator;
    const { staticKeys } = this;
    return verifyZoneToken({ token: credential, view, now: clock.now(), staticKeys, useSecrets, zone, zoneRequired: true, scope: 'cp' });
  }
}

import { connect } from 'node:http2';
import { type ControlPlaneHandle, until } from '@mesh/lab-kit';
import { claimsOf } from '@mesh/testing';
import { expect } from 'vitest';

const XDS = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
/** A dataplane without a proxy: whoever has a token for it is let in. */
const NAME = 'nobody-1';

/** Tokens of dataplanes that were made while the global was there, and what a zone is to say to each. */
export class TokenCheck {
  private constructor(
    private readonly zone: ControlPlaneHandle,
    private readonly answers: readonly (readonly [token: string, answer: RegExp])[],
  ) {}

  /** Makes the tokens, revokes one of them, and waits until the zone has what it needs to tell. */
  static async prepare(global: ControlPlaneHandle, zone: ControlPlaneHandle): Promise<TokenCheck> {
    await global.api.put('/meshes/other', { type: 'Mesh', name: 'other' });
    const token = (fields: object) =>
      until({ what: 'a token', deadlineMs: 60_000 }, () => zone.api.post('/tokens/dataplane', { name: NAME, mesh: 'default', ...fields }));
    const revoked = await token({ validFor: '24h' });
    const list = {
      type: 'GlobalSecret',
      name: 'dataplane-token-revocations-default',
      data: Buffer.from(claimsOf(revoked).jti).toString('base64'),
    };
    await global.api.put(`/global-secrets/${list.name}`, list);
    await zone.api.put(`/meshes/default/dataplanes/${NAME}`, {
      type: 'Dataplane',
      mesh: 'default',
      name: NAME,
      networking: { address: '127.0.0.1', inbound: [{ port: 9, tags: { 'kuma.io/service': 'nobody' } }] },
    });
    const check = new TokenCheck(zone, [
      [await token({ validFor: '24h' }), /^let in$/],
      [revoked, /is revoked/],
      [await token({ validFor: '-1h' }), /is expired/],
      [await token({ validFor: '24h', mesh: 'other' }), /signature/],
      [`${(await token({ validFor: '24h' })).slice(0, -8)}AAAAAAAA`, /signature/],
    ]);
    await until({ what: 'the revocation in the zone', deadlineMs: 60_000 }, async () => /is revoked/.test(await check.ask(revoked)));
    return check;
  }

  /** Fails where the zone does not say of each token what it is to say. */
  async expectAnswers(): Promise<void> {
    for (const [token, answer] of this.answers) expect(await this.ask(token)).toMatch(answer);
  }

  /** `let in`, or why not. */
  private ask(token: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${this.zone.ports.dp}`, { rejectUnauthorized: false });
      session.on('error', reject);
      const headers = { ':method': 'POST', ':path': XDS, 'content-type': 'application/grpc', te: 'trailers', authorization: token };
      const stream = session.request(headers);
      const end = (answer: string): void => {
        resolve(answer);
        session.destroy();
      };
      const note = (fields: Record<string, unknown>): void => {
        if (fields['grpc-status'] !== undefined) end(decodeURIComponent(String(fields['grpc-message'])));
      };
      stream.on('response', note);
      stream.on('trailers', note);
      stream.on('data', () => end('let in'));
      stream.on('error', () => {});
      const request = Buffer.concat([field(2, field(1, Buffer.from(`default.${NAME}`))), field(4, Buffer.from(CLUSTER))]);
      stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]));
    });
  }
}

/** A field of a protobuf message, of at most 127 bytes. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

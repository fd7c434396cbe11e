import { connect } from 'node:http2';
import { type ControlPlaneHandle, until } from '@mesh/lab-kit';
import { claimsOf } from '@mesh/testing';
import { expect } from 'vitest';

const XDS = '/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources';
const CLUSTER = 'type.googleapis.com/envoy.config.cluster.v3.Cluster';
/** A dataplane and an ingress without a proxy: whoever has a token for them is let in. */
const NAME = 'nobody-1';
const DAY = { validFor: '24h' };

/** A token, and what the server of such proxies is to say to it. */
interface Case {
  readonly proxyType: 'dataplane' | 'ingress';
  readonly token: string;
  readonly answer: RegExp;
}

/** Tokens of dataplanes and of zone proxies that were made while the global was there, and what a zone is to say to each. */
export class TokenCheck {
  private constructor(
    private readonly zone: ControlPlaneHandle,
    private readonly cases: readonly Case[],
  ) {}

  /** Makes the tokens, revokes one of each sort, and waits until the zone has what it needs to tell. */
  static async prepare(global: ControlPlaneHandle, zone: ControlPlaneHandle): Promise<TokenCheck> {
    const cases = [...(await dataplaneCases(global, zone)), ...(await ingressCases(global, zone))];
    const check = new TokenCheck(zone, cases);
    for (const { token, proxyType } of cases.filter(({ answer }) => answer.source.includes('revoked')))
      await until({ what: `the revocation of a token (${proxyType}) in the zone`, deadlineMs: 60_000 }, async () =>
        /is revoked/.test(await check.ask(token, proxyType)),
      );
    return check;
  }

  /** Fails where the zone does not say of each token what it is to say. */
  async expectAnswers(): Promise<void> {
    for (const { token, proxyType, answer } of this.cases) {
      const told = await until({ what: 'an answer to a token', deadlineMs: 60_000 }, async () => {
        const text = await this.ask(token, proxyType);
        // The stream of the token before may end a moment later than we leave it.
        return !text.includes('already an active stream') && text;
      });
      expect(told, proxyType).toMatch(answer);
    }
  }

  /** `let in`, or why not. */
  private ask(token: string, proxyType: Case['proxyType']): Promise<string> {
    const { dp, zoneProxyXds } = this.zone.ports;
    return new Promise((resolve, reject) => {
      const session = connect(`https://127.0.0.1:${proxyType === 'dataplane' ? dp : zoneProxyXds}`, { rejectUnauthorized: false });
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
      const request = Buffer.concat([field(2, nodeOf(proxyType)), field(4, Buffer.from(CLUSTER))]);
      stream.write(Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]));
    });
  }
}

/** Registers the dataplane, and makes tokens for it: at the zone, which has the keys of its meshes. */
async function dataplaneCases(global: ControlPlaneHandle, zone: ControlPlaneHandle): Promise<Case[]> {
  await global.api.put('/meshes/other', { type: 'Mesh', name: 'other' });
  const token = (fields: object) =>
    until({ what: 'a token', deadlineMs: 60_000 }, () => zone.api.post('/tokens/dataplane', { name: NAME, mesh: 'default', ...fields }));
  const revoked = await token(DAY);
  await revoke(global, { list: 'dataplane-token-revocations-default', token: revoked });
  const inbound = [{ port: 9, tags: { 'kuma.io/service': 'nobody' } }];
  const networking = { address: '127.0.0.1', inbound };
  await zone.api.put(`/meshes/default/dataplanes/${NAME}`, { type: 'Dataplane', mesh: 'default', name: NAME, networking });
  const proxyType = 'dataplane';
  return [
    { proxyType, token: await token(DAY), answer: /^let in$/ },
    { proxyType, token: revoked, answer: /is revoked/ },
    { proxyType, token: await token({ validFor: '-1h' }), answer: /is expired/ },
    { proxyType, token: await token({ ...DAY, mesh: 'other' }), answer: /signature/ },
    { proxyType, token: forged(await token(DAY)), answer: /signature/ },
  ];
}

/** Registers an ingress that no other zone can reach, and makes tokens for it: at the global, which has the private key of zones. */
async function ingressCases(global: ControlPlaneHandle, zone: ControlPlaneHandle): Promise<Case[]> {
  const token = (fields: object) => global.api.post('/tokens/zone', { zone: zone.name, scope: ['ingress'], ...DAY, ...fields });
  const revoked = await token({});
  await revoke(global, { list: 'zone-token-revocations', token: revoked });
  await zone.api.put(`/zoneingresses/${NAME}`, { type: 'ZoneIngress', name: NAME, networking: { address: '127.0.0.1', port: 9 } });
  const proxyType = 'ingress';
  return [
    { proxyType, token: await token({}), answer: /^let in$/ },
    { proxyType, token: revoked, answer: /is revoked/ },
    { proxyType, token: await token({ validFor: '-1h' }), answer: /is expired/ },
    { proxyType, token: await token({ zone: 'zone-2' }), answer: /zone-2/ },
    { proxyType, token: await token({ scope: ['egress'] }), answer: /scope/ },
    { proxyType, token: forged(await token({})), answer: /signature/ },
  ];
}

/** Puts a token on a list of revoked ones. */
async function revoke({ api }: ControlPlaneHandle, { list: name, token }: { list: string; token: string }): Promise<void> {
  await api.put(`/global-secrets/${name}`, { type: 'GlobalSecret', name, data: Buffer.from(claimsOf(token).jti).toString('base64') });
}

/** The token with another signature. */
const forged = (token: string): string => `${token.slice(0, -8)}AAAAAAAA`;

/** What a proxy says of itself: its name, and its sort as Kuma's bootstrap has it in the metadata. */
function nodeOf(proxyType: Case['proxyType']): Buffer {
  const id = field(1, Buffer.from(`${proxyType === 'dataplane' ? 'default' : ''}.${NAME}`));
  const entry = Buffer.concat([field(1, Buffer.from('dataplane.proxyType')), field(2, field(3, Buffer.from(proxyType)))]);
  return Buffer.concat([id, field(3, field(1, entry))]);
}

/** A field of a protobuf message, of at most 127 bytes. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content]);
}

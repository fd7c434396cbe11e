import type { ControlPlaneInfo, ResourceDraft, ResourceView } from '@mesh/core';
import { createSystemCa, ENVOY_ADMIN_CA, INTER_CP_CA } from '../ca/admin.js';
import { signToken } from '../token/issue.js';
import { hasSigningKey, latestSigningKey, newSigningKey, signingKeyName, type TokenKind } from '../token/signing-keys.js';
import { readPrivateKey } from '../x509/pem.js';
import { globalSecretDraft, secretDraft } from './drafts.js';

/** GlobalSecret with the token of the first admin. */
export const ADMIN_USER_TOKEN = 'admin-user-token';
const ADMIN = 'mesh-system:admin';
const TEN_YEARS_MS = 87_600 * 3_600_000;

/** The secrets every mesh has from its beginning: the key that signs dataplane tokens. */
export async function defaultSecretsForMesh(mesh: string): Promise<readonly ResourceDraft[]> {
  return [secretDraft(mesh, signingKeyName({ type: 'dataplane', mesh }), await newSigningKey())];
}

export interface DefaultGlobalSecretsOptions {
  readonly view: ResourceView;
  readonly info: Pick<ControlPlaneInfo, 'mode' | 'federated'>;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Users have tokens here (authn type `tokens`); true unless said. */
  readonly userTokens?: boolean;
  /** `bootstrapAdminToken`; true unless said. */
  readonly adminToken?: boolean;
}

/** The secrets a deployment needs (contract/kds.md §7) and that are not there yet. Keys take long to make, so all are made at once. */
export async function defaultGlobalSecrets(options: DefaultGlobalSecretsOptions): Promise<readonly ResourceDraft[]> {
  const { view, info, now } = options;
  const missing: Promise<readonly ResourceDraft[]>[] = [];
  if (!info.federated) missing.push(missingKey(view, { type: 'zone' }));
  if (options.userTokens ?? true) missing.push(missingUserSecrets(options));
  const authorities = info.mode === 'zone' ? [INTER_CP, ENVOY_ADMIN] : [INTER_CP];
  for (const authority of authorities) missing.push(missingAuthority(view, authority, now));
  return (await Promise.all(missing)).flat();
}

const INTER_CP = { name: INTER_CP_CA, commonName: 'Control Plane Intercommunication CA' };
const ENVOY_ADMIN = { name: ENVOY_ADMIN_CA, commonName: 'Envoy Admin CA' };

async function missingKey(view: ResourceView, kind: TokenKind): Promise<ResourceDraft[]> {
  return hasSigningKey(view, kind) ? [] : [globalSecretDraft(signingKeyName(kind), await newSigningKey())];
}

async function missingAuthority(view: ResourceView, { name, commonName }: typeof INTER_CP, now: number): Promise<ResourceDraft[]> {
  return has(view, name) ? [] : [globalSecretDraft(name, await createSystemCa(commonName, now))];
}

async function missingUserSecrets({ view, now, adminToken = true }: DefaultGlobalSecretsOptions): Promise<ResourceDraft[]> {
  const drafts = await missingKey(view, { type: 'user' });
  if (!adminToken || has(view, ADMIN_USER_TOKEN)) return drafts;
  const fresh = drafts[0] && readPrivateKey(Buffer.from((drafts[0].spec as { data: string }).data, 'base64'));
  const signer = fresh ? { kid: '1', key: fresh } : latestSigningKey(view, { type: 'user' });
  const request = { type: 'user', name: ADMIN, groups: [ADMIN], validForMs: TEN_YEARS_MS } as const;
  return [...drafts, globalSecretDraft(ADMIN_USER_TOKEN, await signToken(request, { ...signer, now }))];
}

function has(view: ResourceView, name: string): boolean {
  return view.find('GlobalSecret', '', name) !== undefined;
}

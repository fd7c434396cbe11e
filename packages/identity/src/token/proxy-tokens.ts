import { listClaim, multiMapClaim, textClaim } from './claims.js';
import { CONTROL_PLANE_USER } from './control-plane-user.js';
import { reject, type TokenSource, type VerifiedToken, verifyToken } from './verify.js';

export interface DataplaneTokenCheck extends TokenSource {
  readonly mesh: string;
  readonly name: string;
  /** Every value of every tag of the Dataplane: of its inbounds, or of its gateway. */
  readonly dataplaneTags: Readonly<Record<string, readonly string[]>>;
  /** Label `kuma.io/workload` of the Dataplane. */
  readonly workload?: string;
  /** A MeshIdentity derives the SPIFFE id from the workload label: then the token must be bound to it. */
  readonly workloadRequired?: boolean;
  /** A token for every dataplane of the mesh will not do. */
  readonly nameRequired?: boolean;
}

/** Checks that a token is for this Dataplane (contract/dataplane.md §2.2); throws `unauthenticated`. */
export async function verifyDataplaneToken(check: DataplaneTokenCheck): Promise<VerifiedToken> {
  const verified = await verifyToken({ type: 'dataplane', mesh: check.mesh }, check);
  const name = textClaim(verified.payload, 'Name');
  if ((name !== '' || check.nameRequired) && name !== check.name)
    throw reject(`proxy name from requestor: ${check.name} is different than in token: ${name}`);
  const mesh = textClaim(verified.payload, 'Mesh');
  if (mesh !== '' && mesh !== check.mesh) throw reject(`proxy mesh from requestor: ${check.mesh} is different than in token: ${mesh}`);
  checkTags(multiMapClaim(verified.payload, 'Tags'), check.dataplaneTags);
  checkWorkload(textClaim(verified.payload, 'Workload'), check);
  return verified;
}

function checkTags(allowed: ReadonlyMap<string, readonly string[]>, tags: Readonly<Record<string, readonly string[]>>): void {
  for (const [tag, values] of allowed) {
    const present = Object.hasOwn(tags, tag) ? tags[tag] : undefined;
    if (!present?.length) throw reject(`dataplane has no tag "${tag}" required by the token`);
    const foreign = present.find((value) => !values.includes(value));
    if (foreign !== undefined) {
      throw reject(
        `dataplane contains tag "${tag}" with value "${foreign}" which is not allowed with this token. Allowed values in token are "${values.join(', ')}"`,
      );
    }
  }
}

function checkWorkload(bound: string, { workload = '', workloadRequired }: DataplaneTokenCheck): void {
  if (bound !== '' && bound !== workload) throw reject(`workload from requestor: "${workload}" is different than in token: "${bound}"`);
  if (workloadRequired && workload !== '' && bound === '') {
    throw reject('the identity of the dataplane comes from its label kuma.io/workload, so the token must be bound to the workload');
  }
}

export interface ZoneTokenCheck extends TokenSource {
  /** Name of the zone of this control plane. */
  readonly zone: string;
  /** What its bearer is; `cp`: the control plane of the zone. */
  readonly scope: 'ingress' | 'egress' | 'ratelimit' | 'cp';
  /** A token for every zone will not do. */
  readonly zoneRequired?: boolean;
}

/** Checks that a token is for a zone proxy, or the control plane, of this zone; throws `unauthenticated`. */
export async function verifyZoneToken(check: ZoneTokenCheck): Promise<VerifiedToken> {
  const verified = await verifyToken({ type: 'zone' }, check);
  const scope = listClaim(verified.payload, 'Scope');
  if (!scope.includes(check.scope))
    throw reject(`token cannot be used to authenticate zone ${check.scope}: its scope is [${scope.join(', ')}]`);
  const zone = textClaim(verified.payload, 'Zone');
  if ((zone !== '' || check.zoneRequired) && zone !== check.zone)
    throw reject(`zone from requestor: ${check.zone} is different than in token: ${zone}`);
  return verified;
}

/** Who a user token speaks for. */
export interface VerifiedUser extends VerifiedToken {
  readonly name: string;
  readonly groups: readonly string[];
}

/** Checks the token of an API user; throws `unauthenticated`. */
export async function verifyUserToken(source: TokenSource): Promise<VerifiedUser> {
  const verified = await verifyToken({ type: 'user' }, source);
  const name = textClaim(verified.payload, 'Name');
  if (name === '') throw reject('the token names no user');
  if (name === CONTROL_PLANE_USER) throw reject(`"${name}" is the control plane itself, and no user`);
  return { ...verified, name, groups: listClaim(verified.payload, 'Groups') };
}

import type { Metadata, ServerUnaryCall } from '@grpc/grpc-js';
import { checkName, MeshError } from '@mesh/core';
import { HEADER_PATIENCE, HEADER_STORE_ID, HEADER_STORE_REVISION } from '@mesh/kds';
import { HEADER_CLIENT_ID, HEADER_FEATURES, HEADER_VERSION } from './methods.js';
import type { StoreIdentity } from './session.js';

/** The zone at the other end of a call, from its headers. */
export interface ZonePeer extends StoreIdentity {
  readonly zone: string;
  readonly features: ReadonlySet<string>;
  readonly version: string;
  readonly authTokenProvided: boolean;
  /** The token of the one `authorization` header, without `Bearer `; empty where there is none, or several. */
  readonly credential: string;
  /** The client certificate of the connection, where it shows one that a trusted CA signed. */
  readonly certificate?: PeerCertificate;
  /** By which factor the zone asks silence to be borne longer; 1 or more. */
  readonly patience: number;
}

/** Who a client certificate says that it is. */
export interface PeerCertificate {
  /** Its DNS names, or its common name where it has none (RFC 6125 §6.4.4). */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** What is read of a call of gRPC. */
export type PeerCall = Pick<ServerUnaryCall<unknown, unknown>, 'metadata' | 'getAuthContext'>;

/** Reads who calls from headers and connection; throws `bad_request` where `client-id` is no zone name. */
export function readPeer(call: PeerCall): ZonePeer {
  const { metadata } = call;
  const zone = first(metadata, HEADER_CLIENT_ID);
  const mistake = checkName(zone);
  if (mistake !== undefined) throw new MeshError('bad_request', { public: `client-id: ${mistake}` });
  return {
    zone,
    // Two fields of one name arrive as one text.
    features: new Set(
      metadata.get(HEADER_FEATURES).flatMap((value) =>
        String(value)
          .split(',')
          .map((text) => text.trim()),
      ),
    ),
    version: first(metadata, HEADER_VERSION),
    authTokenProvided: metadata.get('authorization').length > 0,
    credential: readCredential(metadata),
    patience: Math.max(1, Number.parseInt(first(metadata, HEADER_PATIENCE), 10) || 1),
    ...readStoreIdentity(metadata),
    ...readCertificate(call),
  };
}

function readCertificate(call: Pick<PeerCall, 'getAuthContext'>): Pick<ZonePeer, 'certificate'> {
  const shown = call.getAuthContext().sslPeerCertificate;
  if (!shown) return {};
  const alternatives = (shown.subjectaltname ?? '').split(', ').filter((name) => name.startsWith('DNS:'));
  const names = alternatives.length > 0 ? alternatives.map((name) => name.slice('DNS:'.length)) : [shown.subject.CN ?? []].flat();
  return { certificate: { names, expiresAt: Date.parse(shown.valid_to) } };
}

function readCredential(metadata: Metadata): string {
  const values = metadata.get('authorization');
  return values.length === 1 ? String(values[0]).replace(/^Bearer /, '') : '';
}

/** Which store the peer speaks for, where it is a control plane of ours. */
export function readStoreIdentity(metadata: Metadata): StoreIdentity {
  const revision = Number.parseInt(first(metadata, HEADER_STORE_REVISION), 10);
  return {
    storeId: first(metadata, HEADER_STORE_ID) || undefined,
    storeRevision: Number.isSafeInteger(revision) ? revision : undefined,
  };
}

/** Adds what readStoreIdentity reads. */
export function writeStoreIdentity(metadata: Metadata, identity: StoreIdentity): void {
  if (identity.storeId === undefined) return;
  metadata.set(HEADER_STORE_ID, identity.storeId);
  if (identity.storeRevision !== undefined) metadata.set(HEADER_STORE_REVISION, String(identity.storeRevision));
}

function first(metadata: Metadata, key: string): string {
  const value = metadata.get(key)[0];
  return value === undefined ? '' : String(value);
}

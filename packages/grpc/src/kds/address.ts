import { type ChannelCredentials, credentials } from '@grpc/grpc-js';
import { MeshError } from '@mesh/core';

export interface KdsAddress {
  readonly host: string;
  readonly port: number;
  /** `host:port` as gRPC takes it. */
  readonly target: string;
  readonly credentials: ChannelCredentials;
}

/** PEM of a client certificate and its key. */
export interface KdsIdentity {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface KdsAddressOptions {
  readonly address: string;
  readonly rootCa?: Buffer;
  readonly skipVerify?: boolean;
  /** PEM of the client certificate that the zone shows. */
  readonly identity?: KdsIdentity;
}

/** Reads `grpc://host:port` (plaintext) or `grpcs://host:port`; throws MeshError `invalid` for anything else (contract/kds.md §4). */
export function parseKdsAddress(options: KdsAddressOptions): KdsAddress {
  let url: URL;
  try {
    // URL knows no default for these schemes, and so keeps the port as written.
    url = new URL(options.address);
  } catch (cause) {
    throw new MeshError('invalid', { public: `the address of the global is no URL: ${options.address}`, cause });
  }
  if (url.hostname === '' || url.port === '')
    throw new MeshError('invalid', { public: `the address of the global needs host and port: ${options.address}` });
  const where = { host: url.hostname, port: Number(url.port), target: `${url.hostname}:${url.port}` };
  if (url.protocol === 'grpc:') return { ...where, credentials: credentials.createInsecure() };
  if (url.protocol !== 'grpcs:')
    throw new MeshError('invalid', { public: `unsupported scheme "${url.protocol.slice(0, -1)}": use grpc:// or grpcs://` });
  const verify = options.skipVerify ? { rejectUnauthorized: false, checkServerIdentity: () => undefined } : {};
  return {
    ...where,
    credentials: credentials.createSsl(options.rootCa ?? null, options.identity?.key ?? null, options.identity?.cert ?? null, verify),
  };
}

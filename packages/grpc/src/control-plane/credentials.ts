import { type ChannelCredentials, credentials, ServerCredentials } from '@grpc/grpc-js';

/** PEM files of one service of a deployment. */
export interface InternalTls {
  /** Who signs the certificates of all services of the deployment. */
  readonly ca: Buffer;
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Mutual TLS between the services of a deployment: neither side talks to a peer that the CA did not sign. */
export function internalCredentials(tls: InternalTls): { readonly server: ServerCredentials; readonly client: ChannelCredentials } {
  return {
    server: ServerCredentials.createSsl(tls.ca, [{ cert_chain: tls.cert, private_key: tls.key }], true),
    client: credentials.createSsl(tls.ca, tls.key, tls.cert),
  };
}

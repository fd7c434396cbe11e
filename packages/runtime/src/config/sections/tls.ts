import { list, oneOf, str } from '../field.js';

export const TLS_VERSIONS = ['', 'TLSv1_0', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'] as const;

/** Protocol bounds of a TLS server. */
export function tlsVersions() {
  return {
    tlsMinVersion: oneOf(TLS_VERSIONS, 'TLSv1_2', 'Lowest TLS version spoken.'),
    tlsMaxVersion: oneOf(TLS_VERSIONS, '', 'Highest TLS version spoken; empty: the newest.'),
    tlsCipherSuites: list([], 'Cipher suites allowed; empty: a safe choice.'),
  };
}

/** Certificate and protocol bounds of a TLS server. Empty files mean those of `general`. */
export function tlsServer() {
  return {
    tlsCertFile: str('', 'PEM file of the server certificate; empty: general.tlsCertFile.'),
    tlsKeyFile: str('', 'PEM file of the private key; empty: general.tlsKeyFile.'),
    ...tlsVersions(),
  };
}

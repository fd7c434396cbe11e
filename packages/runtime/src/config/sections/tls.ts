import { listOf, oneOf, str } from '../field.js';

export const TLS_VERSIONS = ['', 'TLSv1_0', 'TLSv1_1', 'TLSv1_2', 'TLSv1_3'] as const;

/** Cipher suites of TLS 1.2 by the names Go and Kuma give them, with those of OpenSSL. The suites of TLS 1.3 are always on. */
export const CIPHER_SUITES: Readonly<Record<string, string>> = {
  TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256: 'ECDHE-ECDSA-AES128-GCM-SHA256',
  TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384: 'ECDHE-ECDSA-AES256-GCM-SHA384',
  TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-ECDSA-CHACHA20-POLY1305',
  TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256: 'ECDHE-RSA-AES128-GCM-SHA256',
  TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384: 'ECDHE-RSA-AES256-GCM-SHA384',
  TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256: 'ECDHE-RSA-CHACHA20-POLY1305',
  TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA: 'ECDHE-ECDSA-AES128-SHA',
  TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA: 'ECDHE-ECDSA-AES256-SHA',
  TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA: 'ECDHE-RSA-AES128-SHA',
  TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA: 'ECDHE-RSA-AES256-SHA',
};

/** The suites of TLS 1.3, which Go does not let anybody choose. */
const TLS13_SUITES = 'TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256';

/** OpenSSL's form of a choice of suites. */
export function opensslCiphers(suites: readonly string[]): string {
  return [TLS13_SUITES, ...suites.map((suite) => CIPHER_SUITES[suite] ?? suite)].join(':');
}

/** Protocol bounds of a TLS server, or of all of them: those are of `general`, and win (contract/rest-api.md §6). */
export function tlsVersions(of: 'server' | 'all' = 'server') {
  const unless = (name: string): string => (of === 'all' ? '.' : `; general.${name} wins unless it is empty.`);
  return {
    tlsMinVersion: oneOf(TLS_VERSIONS, 'TLSv1_2', `Lowest TLS version spoken${unless('tlsMinVersion')}`),
    tlsMaxVersion: oneOf(TLS_VERSIONS, '', `Highest TLS version spoken; empty: the newest${unless('tlsMaxVersion')}`),
    tlsCipherSuites: listOf(
      Object.keys(CIPHER_SUITES),
      `Cipher suites of TLS 1.2 allowed; empty: a safe choice${unless('tlsCipherSuites')}`,
    ),
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

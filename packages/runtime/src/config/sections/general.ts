import { duration, int, section, str } from '../field.js';
import { tlsVersions } from './tls.js';

/** `general`: what every part shares. */
export const general = section({
  dnsCacheTTL: duration('10s', 'How long looked-up addresses are kept.'),
  tlsCertFile: str('', 'Certificate of every TLS server; empty: one is made in the work directory.'),
  tlsKeyFile: str('', 'Private key of every TLS server; empty: one is made in the work directory.'),
  ...tlsVersions('all'),
  workDir: str('', 'Directory for certificates made at start; empty: $HOME/.kuma.'),
  resilientComponentBaseBackoff: duration('5s', 'Accepted for Kuma; parts try again by themselves.'),
  resilientComponentMaxBackoff: duration('1m', 'Accepted for Kuma; parts try again by themselves.'),
  certGenerationBaseBackoff: duration('5s', 'First wait after a certificate could not be issued.'),
  certGenerationMaxBackoff: duration('5m', 'Longest wait after a certificate could not be issued.'),
  certGenerationCircuitBreakerMinProxies: int(10, 'Accepted for Kuma; every proxy waits for itself.'),
});

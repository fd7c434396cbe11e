import { section, str } from '../field.js';

/** `redis`: how several instances of a control plane know of each other and ask each other. Ours, not Kuma's. */
export const redis = section({
  url: str('', 'redis://[user:password@]host:port[/db], or rediss:// for TLS; empty: instances do not know of each other.', {
    secret: true,
    pattern: /^(rediss?:\/\/.+)?$/,
    allowed: 'a URL that begins with redis:// or rediss://',
  }),
  caFile: str('', 'PEM file of the CA that signed the certificate of the Redis server; empty: those the system trusts.'),
});

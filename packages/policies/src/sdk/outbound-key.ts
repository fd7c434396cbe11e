import type { OutboundKey } from '@mesh/xds';

/** A key that also depends on something of the proxy itself. */
export function keyWith(key: OutboundKey, addition: string): OutboundKey {
  return typeof key === 'string' ? `${key}/${addition}` : { ...key, general: `${key.general}/${addition}` };
}

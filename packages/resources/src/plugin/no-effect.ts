/** The warning with which a `PUT` of a kind is answered whose effect on proxies is still to come. */
export function noEffectYet(kind: string): string {
  return `${kind} has no effect yet: it is checked, stored, synced and listed, and changes nothing in proxies`;
}

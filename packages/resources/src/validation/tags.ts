import { isSelectorTagValue, isTagKey, isTagValue, TAG_PROTOCOL, TAG_SERVICE, type Violations } from '@mesh/core';

/** Protocols a user is told about (contract/policies.md §0). */
export const SUPPORTED_PROTOCOLS = ['grpc', 'http', 'http2', 'kafka', 'tcp'] as const;
const PARSED_PROTOCOLS = new Set<string>([...SUPPORTED_PROTOCOLS, 'tls', 'mysql']);

/** Whether the text names a protocol, in any case. */
export function isProtocol(text: string): boolean {
  return PARSED_PROTOCOLS.has(text.toLowerCase());
}

type TagMap = Readonly<Record<string, string>>;

/** Reports keys and values with characters that tags may not have. */
export function checkTagCharacters(tags: TagMap, violations: Violations): void {
  for (const [key, value] of Object.entries(tags)) {
    const at = violations.key(key);
    if (key === '') at.add('tag name must be non-empty');
    if (key !== '' && !isTagKey(key)) at.add('tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores');
    if (value === '') at.add('tag value must be non-empty');
    if (value !== '' && !isTagValue(value)) at.add('tag value must consist of alphanumeric characters, dots, dashes and underscores');
  }
}

/** Reports an unknown protocol in the tag `kuma.io/protocol`. */
export function checkProtocolTag(tags: TagMap, violations: Violations): void {
  const protocol = tags[TAG_PROTOCOL];
  if (protocol !== undefined && !isProtocol(protocol)) {
    violations
      .key(TAG_PROTOCOL)
      .add(`tag "${TAG_PROTOCOL}" has an invalid value "${protocol}". Allowed values: ${SUPPORTED_PROTOCOLS.join(', ')}`);
  }
}

/** Reports that the tag `kuma.io/service` is missing, at the map. */
export function checkServiceTag(tags: TagMap | undefined, violations: Violations): void {
  if (tags?.[TAG_SERVICE] === undefined) violations.add(`mandatory tag "${TAG_SERVICE}" is missing`);
}

/** Reports keys and values that a tag selector may not have, and an empty selector. */
export function checkSelectorTags(tags: TagMap | undefined, violations: Violations): void {
  const entries = Object.entries(tags ?? {});
  if (entries.length === 0) violations.add('must have at least one tag');
  for (const [key, value] of entries) {
    const at = violations.key(key);
    if (key === '') violations.add('tag name must be non-empty');
    if (key !== '' && !isTagKey(key)) at.add('tag name must consist of alphanumeric characters, dots, dashes, slashes and underscores');
    if (value === '') at.add('tag value must be non-empty');
    if (value !== '' && !isSelectorTagValue(value)) {
      at.add('tag value must consist of alphanumeric characters, dots, dashes, slashes and underscores or be "*"');
    }
  }
}

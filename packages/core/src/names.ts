/** Name and tag rules of contract/rest-api.md §8. Each returns the reason, or undefined where all is well. */

const DNS1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const DNS1123_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS1035_LABEL = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;

/** Checks the name of a resource: an RFC 1123 subdomain of at most `max` characters. */
export function checkName(name: string, max = 253): string | undefined {
  if (name === '') return 'cannot be empty';
  if (name.length > max) return `must be no more than ${max} characters`;
  if (!DNS1123_SUBDOMAIN.test(name)) {
    return "invalid characters: must consist of lower case alphanumeric characters, '-', '.' and must start and end with an alphanumeric character";
  }
  return undefined;
}

/** Checks the `mesh` field of a mesh-scoped resource. */
export function checkMeshField(mesh: string): string | undefined {
  if (mesh === '') return 'cannot be empty';
  if (mesh.length > 253) return 'must be no more than 253 characters';
  if (!/^[0-9a-z.\-_]+$/.test(mesh)) return "invalid characters: must consist of lower case alphanumeric characters, '-', '.' and '_'";
  return undefined;
}

/** A label that starts with a letter: RFC 1035, at most 63 characters. */
export function isDns1035Label(text: string): boolean {
  return text.length <= 63 && DNS1035_LABEL.test(text);
}

/** A label: RFC 1123, at most 63 characters. */
export function isDns1123Label(text: string): boolean {
  return text.length <= 63 && DNS1123_LABEL.test(text);
}

/** Labels joined by dots: RFC 1123, at most 253 characters. */
export function isDns1123Subdomain(text: string): boolean {
  return text.length <= 253 && DNS1123_SUBDOMAIN.test(text);
}

/** A Kubernetes qualified name: `[prefix/]name` (label keys). */
export function isQualifiedName(text: string): boolean {
  const slash = text.indexOf('/');
  const name = slash < 0 ? text : text.slice(slash + 1);
  if (slash >= 0 && !isDns1123Subdomain(text.slice(0, slash))) return false;
  return name.length > 0 && name.length <= 63 && /^([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/.test(name);
}

/** A Kubernetes label value: empty, or up to 63 of `[A-Za-z0-9-_.]` with alphanumeric ends. */
export function isLabelValue(text: string): boolean {
  return text.length <= 63 && /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/.test(text);
}

/** The key of a dataplane tag. */
export function isTagKey(text: string): boolean {
  return /^[a-zA-Z0-9.\-_:/]+$/.test(text);
}

/** The value of a dataplane tag. */
export function isTagValue(text: string): boolean {
  return /^[a-zA-Z0-9.\-_:]+$/.test(text);
}

/** Values in selectors may also hold a slash, or be `*`. */
export function isSelectorTagValue(text: string): boolean {
  return text === '*' || /^[a-zA-Z0-9.\-_:/]+$/.test(text);
}

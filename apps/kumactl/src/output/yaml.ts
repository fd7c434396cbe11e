import { stringify } from 'yaml';

/** YAML as Kuma's tools print it: keys sorted, lists not indented, texts quoted only where they must be. */
export function goYaml(value: unknown): string {
  return stringify(value, { version: '1.1', indentSeq: false, sortMapEntries: true, lineWidth: 0, aliasDuplicateObjects: false });
}

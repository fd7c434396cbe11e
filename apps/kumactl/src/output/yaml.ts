import { Document, isScalar, parse, Scalar, visit } from 'yaml';

/**
 * YAML as Kuma's tools print it: keys sorted, lists not indented, double quotes around texts that
 * would be read as something else, single quotes where only the characters ask for it.
 */
export function goYaml(value: unknown): string {
  const document = new Document(value, { version: '1.1', sortMapEntries: true, aliasDuplicateObjects: false });
  visit(document, {
    Scalar: (_key, node) => {
      if (isScalar(node) && typeof node.value === 'string' && isReadAsOther(node.value)) node.type = Scalar.QUOTE_DOUBLE;
    },
  });
  return document.toString({ indentSeq: false, lineWidth: 0, singleQuote: true });
}

function isReadAsOther(text: string): boolean {
  if (text.length > 64 || /[\n"'#:{}[\]&*!|>%@`]/.test(text.replace(/(\d):(\d)/g, '$1$2'))) return false;
  try {
    return typeof parse(text, { version: '1.1' }) !== 'string';
  } catch {
    return false;
  }
}

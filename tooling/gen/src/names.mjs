const KEBAB = /^[a-z][a-z0-9]*(-[a-z0-9]+)*$/;

/** Words that the field writes in capitals. */
const ACRONYMS = new Set(['http', 'tcp', 'tls', 'dns', 'opa', 'ip']);

/** All spellings of a kebab-case name: `mesh-http-route` is `meshHttpRoute`, `MeshHTTPRoute`, `meshhttproutes`. */
export function spellings(name) {
  if (!KEBAB.test(name)) throw new Error(`"${name}" is not a kebab-case name, such as mesh-timeout`);
  const words = name.split('-');
  const pascal = words.map(capitalize).join('');
  return {
    kebab: name,
    camel: pascal[0].toLowerCase() + pascal.slice(1),
    pascal,
    kind: words.map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : capitalize(word))).join(''),
    words: words.map((word) => (ACRONYMS.has(word) ? word.toUpperCase() : capitalize(word))).join(' '),
    singular: words.join(''),
    plural: plural(words.join('')),
  };
}

function capitalize(word) {
  return word[0].toUpperCase() + word.slice(1);
}

function plural(word) {
  if (/(s|x|ch|sh)$/.test(word)) return `${word}es`;
  return /[^aeiou]y$/.test(word) ? `${word.slice(0, -1)}ies` : `${word}s`;
}

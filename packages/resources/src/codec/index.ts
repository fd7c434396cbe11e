export { toKubernetesDocument } from './kubernetes.js';
export { checkMeta, type DocumentMeta } from './names.js';
export { type ParsedDocument, type ParseOptions, parseDocument } from './parse.js';
export { draftToDocument, specOf, toDocument, toOverview } from './print.js';

export { checkMeta, type DocumentMeta } from './names.js';
export { type ParsedDocument, type ParseOptions, parseDocument } from './parse.js';
export { draftToDocument, specOf, toDocument, toKubernetesDocument, toOverview } from './print.js';

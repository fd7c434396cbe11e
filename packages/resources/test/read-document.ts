import { DescriptorRegistry, MeshError } from '@mesh/core';
import { type ParsedDocument, parseDocument } from '../src/codec/parse.js';
import { coreKinds } from '../src/index.gen.js';

const registry = new DescriptorRegistry(coreKinds);

/** Reads a document of a core kind. */
export function readDocument(document: object): ParsedDocument {
  return parseDocument(registry, document);
}

/** `path: message` of each rule a document breaks. */
export function violationsIn(document: object): string[] {
  try {
    readDocument(document);
    return [];
  } catch (error) {
    if (!MeshError.is(error, 'invalid')) throw error;
    return error.violations.map(({ field, message }) => `${field}: ${message}`);
  }
}

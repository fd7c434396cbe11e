import { type DescriptorRegistry, MeshError, type ResourceDraft } from '@mesh/core';
import { parseDocument } from '@mesh/resources';

/** Parses and validates the resources that proxies bring along; throws MeshError `bad_request` or `invalid`. */
export function inlineParser(registry: DescriptorRegistry): (json: string) => ResourceDraft {
  return (json) => {
    let document: unknown;
    try {
      document = JSON.parse(json);
    } catch (cause) {
      throw new MeshError('bad_request', { public: 'the inline resource is not JSON', cause });
    }
    return parseDocument(registry, document).draft;
  };
}

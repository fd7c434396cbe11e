import { createRegistry, type Registry } from '@bufbuild/protobuf';
import { envoyFiles } from './gen/envoy-files.js';
import { wktFiles } from './well-known.js';

let registry: Registry | undefined;

/**
 * Every message of the Envoy API that is generated here, by its full name: what `Any` in protobuf
 * JSON needs (bootstrap, configuration dumps, patches). Built at the first call. It has an entry
 * point of its own, `@mesh/proto/envoy-registry.js`, because importing it loads the whole API.
 */
export function envoyRegistry(): Registry {
  registry ??= createRegistry(...wktFiles, ...envoyFiles);
  return registry;
}

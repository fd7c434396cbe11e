import { createRegistry, type Registry } from '@bufbuild/protobuf';
import { kumaFiles } from './gen/kuma-files.js';

/**
 * Every message of Kuma's wire (`kuma.mesh.v1alpha1`, `kuma.system.v1alpha1`,
 * `kuma.observability.v1`) by its full name: the specs on KDS and of REST (contract/wire-protobuf.md).
 */
export const kumaRegistry: Registry = createRegistry(...kumaFiles);

import type { Author, ResourceDraft, ResourceKey } from '@mesh/core';

/** Author of what the control plane writes by itself. */
export const SYSTEM_AUTHOR: Author = { name: 'mesh-system:control-plane', groups: ['mesh-system:control-plane'] };

/**
 * Writes of the control plane on behalf of proxies: registrations, insights, removals. The zone
 * writes to its store, the ingress manager through the `ControlPlane` port. Equal content writes nothing.
 */
export interface ProxyWriter {
  /** Creates or replaces; returns the revision from which on views show it. */
  put(draft: ResourceDraft): Promise<{ readonly revision: number }>;
  delete(key: ResourceKey): Promise<void>;
}

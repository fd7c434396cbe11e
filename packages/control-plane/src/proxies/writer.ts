import type { ResourceDraft, ResourceKey } from '@mesh/core';

/**
 * Writes of the control plane on behalf of proxies: registrations, insights, removals. The zone
 * writes to its store, the ingress manager through the `ControlPlane` port. Equal content writes nothing.
 */
export interface ProxyWriter {
  /** Creates or replaces, only the expected version where one is given (`conflict` otherwise); returns the revision from which on views show it. */
  put(draft: ResourceDraft, expectedVersion?: number): Promise<{ readonly revision: number }>;
  /** Like `put`; that it is stored already is taken from the view, where the writer can. */
  register?(draft: ResourceDraft): Promise<{ readonly revision: number }>;
  delete(key: ResourceKey): Promise<void>;
}

import { type AnyDescriptor, type ControlPlaneInfo, MeshError } from '@mesh/core';

const HINTS = {
  global:
    "On global control plane you can not modify dataplane resources with 'kumactl apply' or via the HTTP API. You can still use 'kumactl' or the HTTP API to modify them on the zone control plane.\n",
  zone: "On zone control plane you can only modify zone resources with 'kumactl apply' or via the HTTP API. You can still use 'kumactl' or the HTTP API to modify the rest of the resource on the global control plane.\n",
  insight: 'The control plane writes this kind itself: it can be read, not modified.\n',
  readOnly: 'The control plane is read-only: its configuration says apiServer.readOnly.\n',
} as const;

/** Throws `read_only` where this control plane takes no writes of a kind (contract/rest-api.md §2.1, column W). */
export function requireWritable(descriptor: AnyDescriptor, info: ControlPlaneInfo, apiReadOnly: boolean): void {
  const hint = refusal(descriptor, info, apiReadOnly);
  if (hint !== undefined) throw new MeshError('read_only', { public: HINTS[hint] });
}

function refusal(descriptor: AnyDescriptor, info: ControlPlaneInfo, apiReadOnly: boolean): keyof typeof HINTS | undefined {
  const { write } = descriptor;
  if (apiReadOnly || info.readOnly) return 'readOnly';
  if (write.never) return 'insight';
  if (info.mode === 'global') return write.global ? undefined : 'global';
  return info.federated && !write.federatedZone ? 'zone' : undefined;
}

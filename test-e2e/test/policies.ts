/** A MeshTimeout that a zone makes and no proxy needs: it only has to travel. */
export function timeoutForNobody(name: string) {
  return {
    type: 'MeshTimeout',
    mesh: 'default',
    name,
    labels: { 'kuma.io/origin': 'zone' },
    spec: {
      targetRef: { kind: 'MeshSubset', tags: { 'kuma.io/service': 'nobody' } },
      to: [{ targetRef: { kind: 'Mesh' }, default: { connectionTimeout: '1s' } }],
    },
  };
}

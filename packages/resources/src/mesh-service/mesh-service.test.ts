import { describe, expect, it } from 'vitest';
import { readDocument, violationsIn } from '../../test/read-document.js';

const documentOf = (spec: object, name = 'web') => ({ type: 'MeshService', mesh: 'default', name, spec });
const SELECTOR = { dataplaneTags: { 'kuma.io/service': 'web' } };

describe('a MeshService', () => {
  it('is unavailable, and its ports speak tcp, unless said otherwise', () => {
    const { draft } = readDocument(
      documentOf({ selector: SELECTOR, ports: [{ port: 80 }, { port: 81, targetPort: 'http', appProtocol: 'http' }] }),
    );
    expect(draft.spec).toEqual({
      state: 'Unavailable',
      selector: SELECTOR,
      ports: [
        { port: 80, appProtocol: 'tcp' },
        { port: 81, targetPort: 'http', appProtocol: 'http' },
      ],
    });
    expect(readDocument(documentOf({})).draft.spec).toEqual({ state: 'Unavailable', selector: {} });
  });

  it('is refused at the field that is wrong', () => {
    const selector = { ...SELECTOR, dataplaneRef: { name: 'dp' } };
    expect(violationsIn(documentOf({ selector, ports: [{ port: 0 }, { port: 80, targetPort: 70000 }] }))).toEqual([
      'spec.selector: must specify only one of: dataplaneTags, dataplaneRef, or dataplaneLabels',
      'spec.ports[0].port: port must be in the range [1, 65535]',
      'spec.ports[1].targetPort: port must be in the range [1, 65535]',
    ]);
    const wrong = { state: 'Off', ports: [{}, { port: '80' }], identities: [{ type: 'x', value: 'a' }] };
    expect(violationsIn(documentOf(wrong)).map((line) => line.split(':')[0])).toEqual([
      'spec.state',
      'spec.ports[0].port',
      'spec.ports[1].port',
      'spec.identities[0].type',
    ]);
    expect(violationsIn(documentOf({}, 'a'.repeat(64)))).toEqual(['name: must be no more than 63 characters']);
  });
});

describe('a MeshMultiZoneService', () => {
  const violationsOf = (spec: object) => violationsIn({ type: 'MeshMultiZoneService', mesh: 'default', name: 'web', spec });

  it('needs labels of MeshServices, and ports', () => {
    expect(violationsOf({}).map((line) => line.split(':')[0])).toEqual(['spec.selector', 'spec.ports']);
    expect(violationsOf({ selector: { meshService: { matchLabels: {} } }, ports: [{ port: 70000 }] })).toEqual([
      'spec.selector.meshService.matchLabels: cannot be empty',
      'spec.ports[0].port: port must be in the range [1, 65535]',
    ]);
    expect(violationsOf({ selector: { meshService: { matchLabels: { a: 'b' } } }, ports: [{ port: 80 }] })).toEqual([]);
  });
});

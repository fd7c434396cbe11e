import { describe, expect, it } from 'vitest';
import { readDocument, violationsIn } from '../../test/read-document.js';

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const documentOf = (spec: object) => ({ type: 'MeshTrust', mesh: 'default', name: 'trust', spec });

describe('a MeshTrust', () => {
  it('needs a trust domain and certificates', () => {
    expect(violationsIn(documentOf({})).map((line) => line.split(':')[0])).toEqual(['spec.trustDomain', 'spec.caBundles']);
    const key = PEM.replaceAll('CERTIFICATE', 'PRIVATE KEY');
    expect(violationsIn(documentOf({ trustDomain: '', caBundles: [{ type: 'Pem' }, { type: 'Pem', pem: { value: key } }] }))).toEqual([
      'spec.trustDomain: must not be empty',
      'spec.caBundles[0].pem: must be defined',
      'spec.caBundles[1].pem.value: provided certificate has incorrect format',
    ]);
    expect(violationsIn(documentOf({ trustDomain: 'a', caBundles: [{ type: 'Pem', pem: { value: PEM + PEM } }] }))).toEqual([]);
  });

  it('tells that its origin belongs into the status', () => {
    const { warnings } = readDocument(documentOf({ trustDomain: 'a', origin: {}, caBundles: [{ type: 'Pem', pem: { value: PEM } }] }));
    expect(warnings[0]).toBe('setting spec.origin field is deprecated: the control plane keeps it in status.origin');
  });
});

import { describe, expect, it } from 'vitest';
import { readDocument, violationsIn } from '../../test/read-document.js';

const documentOf = (spec: object) => ({
  type: 'MeshExternalService',
  mesh: 'default',
  name: 'db',
  spec: { match: { port: 443 }, ...spec },
});
const violationsOf = (spec: object) => violationsIn(documentOf(spec));
const fieldsOf = (spec: object) => violationsOf(spec).map((line) => line.split(': ')[0]);

describe('a MeshExternalService', () => {
  it('is completed with what Kuma takes for granted', () => {
    const spec = {
      tls: { version: {}, verification: { subjectAltNames: [{ value: 'a' }] } },
      endpoints: [{ address: 'A.example', port: 1 }],
    };
    expect(readDocument(documentOf(spec)).draft.spec).toEqual({
      match: { type: 'HostnameGenerator', port: 443, protocol: 'tcp' },
      endpoints: [{ address: 'A.example', port: 1 }],
      tls: {
        enabled: false,
        version: { min: 'TLSAuto', max: 'TLSAuto' },
        allowRenegotiation: false,
        verification: { mode: 'Secured', subjectAltNames: [{ type: 'Exact', value: 'a' }] },
      },
    });
  });

  it('is refused at the field that is wrong', () => {
    expect(fieldsOf({ match: { type: 'x', port: 0, protocol: 'kafka' } })).toEqual([
      'spec.match.type',
      'spec.match.port',
      'spec.match.protocol',
    ]);
    expect(fieldsOf({ endpoints: [{}, { address: '', port: 70000, priority: 129 }] })).toEqual([
      'spec.endpoints[0].address',
      'spec.endpoints[0].port',
      'spec.endpoints[1].address',
      'spec.endpoints[1].port',
      'spec.endpoints[1].priority',
    ]);
    expect(violationsOf({ endpoints: [{ address: 'unix:///tmp/x', port: 5 }], extension: { type: '' } })).toEqual([
      'spec.extension.type: must not be empty',
      'spec.endpoints[0].address: address has to be a valid IP or hostname',
    ]);
  });

  it('has TLS versions in order, a server name, and certificate and key together', () => {
    const verification = { serverName: 'bad_name!', clientCert: { secret: 's' } };
    expect(violationsOf({ tls: { version: { min: 'TLS13', max: 'TLS12' }, verification } })).toEqual([
      'spec.tls.version.min: min version must be lower than max',
      'spec.tls.verification.serverName: must be a valid DNS name',
      'spec.tls.verification.clientKey: must be defined when clientCert is defined',
    ]);
    expect(violationsOf({ tls: { verification: { clientKey: { secret: 's' } } } })).toEqual([
      'spec.tls.verification.clientCert: must be defined when clientKey is defined',
    ]);
    expect(violationsOf({ tls: { version: { min: 'TLS13' } } })).toEqual([]);
  });
});

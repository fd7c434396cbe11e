import { describe, expect, it } from 'vitest';
import { readDocument, violationsIn } from '../../test/read-document.js';

describe('a ZoneIngress', () => {
  const check = (networking: object, rest: object = {}) => violationsIn({ type: 'ZoneIngress', name: 'zi', networking, ...rest });

  it('is checked at the paths of the wire', () => {
    const availableServices = [{ tags: { a: 'b' } }];
    expect(check({ address: 'a_b!', advertisedAddress: '0.0.0.0' }, { availableServices })).toEqual([
      'networking.advertisedPort: has to be defined with advertisedAddress',
      'networking.address.address: address has to be valid IP address or domain name',
      'networking.advertisedAddress.address: must not be 0.0.0.0 or ::',
      'networking.port: port must be in the range [1, 65535]',
      'availableService[0].tags: mandatory tag "kuma.io/service" is missing',
    ]);
    expect(check({ advertisedPort: 70000, port: 1 })).toEqual([
      'networking.advertisedAddress: has to be defined with advertisedPort',
      'networking.advertisedPort: port must be in the range [1, 65535]',
    ]);
    expect(check({ address: '127.0.0.1', port: 10, admin: { port: 10 } })).toEqual(['networking.admin.port: must differ from port']);
  });

  it('may have lost the indentation of its networking, as a manual prints it', () => {
    const printed = {
      type: 'ZoneIngress',
      name: 'zi',
      networking: null,
      address: '127.0.0.1',
      port: 10000,
      advertisedAddress: '10.0.0.1',
      advertisedPort: 10000,
    };
    const { draft, warnings } = readDocument(printed);
    expect(draft.spec).toEqual({ networking: { address: '127.0.0.1', advertisedAddress: '10.0.0.1', port: 10000, advertisedPort: 10000 } });
    expect(warnings).toHaveLength(1);
  });
});

it('a ZoneEgress needs a port and a usable address', () => {
  expect(violationsIn({ type: 'ZoneEgress', name: 'ze', networking: { address: '::' } })).toEqual([
    'networking.address.address: must not be 0.0.0.0 or ::',
    'networking.port: port must be in the range [1, 65535]',
  ]);
});

describe('a Zone', () => {
  it('may have its fields under spec, as a manual prints it', () => {
    const { draft, warnings } = readDocument({ type: 'Zone', name: 'zone-1', spec: { enabled: false } });
    expect(draft.spec).toEqual({ enabled: false });
    expect(warnings).toEqual([expect.stringContaining('write {"type":"Zone","name":"zone-1","enabled":false} instead')]);
    expect(readDocument({ type: 'Zone', name: 'zone-1', spec: null, enabled: false }).draft.spec).toEqual({ enabled: false });
  });

  it('drops the addresses it had in Kuma 0.x', () => {
    const { draft, warnings } = readDocument({
      type: 'Zone',
      name: 'z',
      ingress: { address: 'a:1' },
      remote: { address: 'b:2' },
    });
    expect(draft.spec).toEqual({});
    expect(warnings).toHaveLength(2);
  });
});

describe('an ExternalService', () => {
  const check = (address: string, tags: object, tls?: object) =>
    violationsIn({ type: 'ExternalService', mesh: 'm', name: 'e', networking: { address, tls }, tags });

  it('is checked in the order of Kuma', () => {
    expect(violationsIn({ type: 'ExternalService', mesh: 'm', name: 'e' })).toEqual([
      'networking: should have networking',
      'tags: mandatory tag "kuma.io/service" is missing',
    ]);
    expect(check('foo', { 'kuma.io/service': 'foo', 'kuma.io/protocol': 'bogus' })).toEqual([
      'networking.address: unable to parse address',
      'networking.address: address has to be a valid IP address or a domain name',
      'networking.address: unable to parse port in address',
      'networking.address: port must be in the range [1, 65535]',
      'tags["kuma.io/protocol"]: tag "kuma.io/protocol" has an invalid value "bogus". Allowed values: grpc, http, http2, kafka, tcp',
    ]);
    expect(check('foo:0', { 'kuma.io/service': 'foo' }, { serverName: '', caCert: { secret: '' }, clientKey: {} })).toEqual([
      'networking.address: port must be in the range [1, 65535]',
      'networking.tls.serverName: cannot be empty',
      'networking.tls.caCert: data source cannot be empty',
      'networking.tls.clientKey: data source cannot be empty',
      'tags["kuma.io/service"]: cannot be the same as networking.address',
    ]);
    expect(check('[::1]:80', { 'kuma.io/service': 'foo' })).toEqual([]);
  });
});

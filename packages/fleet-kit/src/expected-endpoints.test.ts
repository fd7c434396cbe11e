import { describe, expect, it } from 'vitest';
import { endpointsDigest } from './contents.js';
import { ExpectedEndpoints } from './expected-endpoints.js';
import { planFleet } from './topology.js';

const shape = { mesh: 'default', dataplanes: 8, services: 2, outbounds: 1, zones: 2 };
const addresses = (zone: number, service: string) =>
  planFleet(shape)
    .filter((plan) => plan.zone === zone && plan.service === service)
    .map(({ address, port }) => `${address}:${port}`);

describe('the endpoints a fleet of several zones expects', () => {
  it('are the instances of a zone and one way into each other zone that has the service', () => {
    const expected = new ExpectedEndpoints([{ ingress: 'i0:1' }, { ingress: 'i1:1' }], () => planFleet(shape));
    expect(addresses(0, 'service-0')).toHaveLength(2);
    expect(expected.digest(0, 'service-0')).toBe(endpointsDigest([...addresses(0, 'service-0'), 'i1:1']));
    expect(expected.digest(1, 'service-0')).toBe(endpointsDigest([...addresses(1, 'service-0'), 'i0:1']));
  });

  it('are those of the zone alone where there is no way between zones', () => {
    const expected = new ExpectedEndpoints([{}, {}], () => planFleet(shape));
    expect(expected.digest(1, 'service-1')).toBe(endpointsDigest(addresses(1, 'service-1')));
  });

  it('follow those who leave, down to no way into a zone where nobody is left', () => {
    let there = planFleet(shape);
    const expected = new ExpectedEndpoints([{ ingress: 'i0:1' }, { ingress: 'i1:1' }], () => there);
    expect(expected.digest(0, 'service-0')).toBe(endpointsDigest([...addresses(0, 'service-0'), 'i1:1']));
    there = there.filter(({ zone }) => zone === 0);
    expected.changed();
    expect(expected.digest(0, 'service-0')).toBe(endpointsDigest(addresses(0, 'service-0')));
  });

  it('hold one more in its zone, and the same in the others, for an endpoint that is none of the fleet', () => {
    const expected = new ExpectedEndpoints([{ ingress: 'i0:1' }, { ingress: 'i1:1' }], () => planFleet(shape));
    const elsewhere = expected.digest(1, 'service-0');
    expected.add(0, 'service-0', 'x:1');
    expect(expected.digest(0, 'service-0')).toBe(endpointsDigest([...addresses(0, 'service-0'), 'x:1', 'i1:1']));
    expect(expected.digest(1, 'service-0')).toBe(elsewhere);
    expected.ownOnly();
    expect(expected.digest(0, 'service-0')).toBe(endpointsDigest([...addresses(0, 'service-0'), 'i1:1']));
  });
});

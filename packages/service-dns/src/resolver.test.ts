import dnsPacket, { type RecordType } from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Resolver } from './resolver.js';
import { NameTable } from './table.js';

function resolver(addresses: Record<string, string[]> = {}): Resolver {
  const entries = Object.entries({
    'backend.mesh': ['240.0.0.1'],
    'echo_ns_svc_1010.mesh': ['240.0.0.2'],
    'echo.ns.svc.1010.mesh': ['240.0.0.2'],
    'six.mesh': ['fd00::1'],
    ...addresses,
  });
  return new Resolver({
    ttlSeconds: 30,
    initialTable: new NameTable(
      ['mesh'],
      entries.map(([hostname, list]) => ({ hostname, addresses: list })),
      7,
    ),
  });
}

function ask(name: string, type: RecordType, options: { resolver?: Resolver; udpPayloadSize?: number; ednsVersion?: number } = {}) {
  const additionals = options.udpPayloadSize
    ? [
        {
          type: 'OPT' as const,
          name: '.' as const,
          udpPayloadSize: options.udpPayloadSize,
          ednsVersion: options.ednsVersion ?? 0,
          extendedRcode: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ]
    : [];
  const bytes = dnsPacket.encode({
    type: 'query',
    id: 4242,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type }],
    additionals: additionals as never,
  });
  const answer = (options.resolver ?? resolver()).resolve(bytes, 'udp');
  if (!answer) throw new Error('no answer');
  return { ...dnsPacket.decode(answer), bytes: answer };
}

describe('the .mesh resolver', () => {
  it('answers A with the virtual IP, authoritatively', () => {
    const response = ask('backend.mesh', 'A');
    expect(response).toMatchObject({ id: 4242, rcode: 'NOERROR', flag_aa: true, flag_rd: true, flag_ra: false });
    expect(response.answers).toMatchObject([{ name: 'backend.mesh', type: 'A', data: '240.0.0.1', ttl: 30 }]);
  });

  it('answers names with underscores and their dotted form alike', () => {
    expect(ask('echo_ns_svc_1010.mesh', 'A').answers).toMatchObject([{ data: '240.0.0.2' }]);
    expect(ask('echo.ns.svc.1010.mesh', 'A').answers).toMatchObject([{ data: '240.0.0.2' }]);
  });

  it('ignores case and repeats the name as it was asked', () => {
    expect(ask('BackEnd.MESH', 'A').answers).toMatchObject([{ name: 'BackEnd.MESH', data: '240.0.0.1' }]);
  });

  it('answers AAAA for IPv6 addresses, and NODATA with the SOA where there is none', () => {
    expect(ask('six.mesh', 'AAAA').answers).toMatchObject([{ data: 'fd00::1' }]);
    const none = ask('backend.mesh', 'AAAA');
    expect(none).toMatchObject({ rcode: 'NOERROR', answers: [] });
    expect(none.authorities).toMatchObject([{ type: 'SOA', name: 'mesh' }]);
  });

  it('answers NXDOMAIN with the SOA for an unknown name', () => {
    const response = ask('nope.mesh', 'A');
    expect(response).toMatchObject({ rcode: 'NXDOMAIN', flag_aa: true });
    expect(response.authorities).toMatchObject([{ type: 'SOA', name: 'mesh' }]);
  });

  it('answers NODATA, not NXDOMAIN, for a name that only has names below it', () => {
    expect(ask('svc.1010.mesh', 'A')).toMatchObject({ rcode: 'NOERROR', answers: [] });
  });

  it('answers SOA and NS of the zone itself', () => {
    expect(ask('mesh', 'SOA').answers).toMatchObject([{ type: 'SOA', data: { serial: 7, minimum: 30 } }]);
    expect(ask('mesh', 'NS').answers).toMatchObject([{ type: 'NS', data: 'ns.dns.mesh' }]);
  });

  it('refuses names of other zones', () => {
    expect(ask('example.org', 'A')).toMatchObject({ rcode: 'REFUSED', flag_aa: false });
    expect(ask('notmesh', 'A')).toMatchObject({ rcode: 'REFUSED' });
  });

  it('answers EDNS with EDNS, and an unknown version with BADVERS', () => {
    expect(ask('backend.mesh', 'A', { udpPayloadSize: 4096 }).additionals).toMatchObject([{ type: 'OPT', udpPayloadSize: 1232 }]);
    const bad = ask('backend.mesh', 'A', { udpPayloadSize: 4096, ednsVersion: 1 });
    expect(bad.additionals).toMatchObject([{ type: 'OPT', extendedRcode: 1 }]);
    expect(ask('backend.mesh', 'A').additionals).toEqual([]);
  });

  it('truncates over UDP at 512 bytes, or at what EDNS allows', () => {
    const many = Array.from({ length: 30 }, (_, i) => `240.0.1.${i}`);
    const big = resolver({ 'many.mesh': many });
    expect(ask('many.mesh', 'A', { resolver: big })).toMatchObject({ flag_tc: true, answers: [] });
    expect(ask('many.mesh', 'A', { resolver: big, udpPayloadSize: 4096 })).toMatchObject({ flag_tc: false });
    expect(ask('many.mesh', 'A', { resolver: big, udpPayloadSize: 4096 }).answers).toHaveLength(30);
  });

  it('answers the same question from its cache with the id of the new query', () => {
    const one = resolver();
    const bytes = (id: number) => dnsPacket.encode({ type: 'query', id, questions: [{ name: 'backend.mesh', type: 'A' }] });
    const first = one.resolve(bytes(1), 'udp');
    const second = one.resolve(bytes(2), 'udp');
    expect(second?.readUInt16BE(0)).toBe(2);
    expect(second?.subarray(2)).toEqual(first?.subarray(2));
  });

  it('answers from the new table as soon as it is replaced', () => {
    const one = resolver();
    ask('backend.mesh', 'A', { resolver: one });
    one.replaceTable(new NameTable(['mesh'], [{ hostname: 'backend.mesh', addresses: ['240.0.0.9'] }], 8));
    expect(ask('backend.mesh', 'A', { resolver: one }).answers).toMatchObject([{ data: '240.0.0.9' }]);
  });

  it('survives any bytes: no throw, and every answer is a response with the same id', () => {
    const one = resolver();
    const mutated = fc
      .tuple(fc.constantFrom('backend.mesh', 'x.mesh', 'mesh'), fc.array(fc.tuple(fc.nat(60), fc.nat(255)), { maxLength: 8 }))
      .map(([name, edits]) => {
        const bytes = dnsPacket.encode({ type: 'query', id: 77, questions: [{ name, type: 'A' }] });
        for (const [at, value] of edits) if (at < bytes.length) bytes[at] = value;
        return bytes;
      });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 600 }).map((a) => Buffer.from(a)),
          mutated,
        ),
        fc.constantFrom('udp' as const, 'tcp' as const),
        (bytes, transport) => {
          const answer = one.resolve(bytes, transport);
          if (!answer) return;
          expect(answer.subarray(0, 2)).toEqual(bytes.subarray(0, 2));
          expect((answer[2] ?? 0) & 0x80).toBe(0x80);
          expect((answer[2] ?? 0) & 0x78).toBe((bytes[2] ?? 0) & 0x78);
        },
      ),
      { numRuns: 3000 },
    );
  });
});

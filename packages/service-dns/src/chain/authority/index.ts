import type { Answer as RecordAnswer } from 'dns-packet';
import type { NameTable } from '../../table.js';
import { type Answer, type Query, RCODE, type Step } from '../step.js';

/**
 * Answers for the zones of the mesh: A and AAAA of virtual IPs, SOA and NS of the zone itself,
 * NODATA for other types, NXDOMAIN for unknown names, both with the SOA (RFC 2308 §3).
 */
export function authorityStep(table: () => NameTable, ttlSeconds: number): Step {
  return {
    name: 'authority',
    handle(query: Query): Answer | undefined {
      const names = table();
      const zone = names.zoneOf(query.name);
      if (zone === undefined) return undefined;
      const authority = { table: names, zone, ttlSeconds };
      return query.name === zone ? answerApex(query, authority) : answerName(query, authority);
    },
  };
}

interface Authority {
  readonly table: NameTable;
  readonly zone: string;
  readonly ttlSeconds: number;
}

function answerApex(query: Query, authority: Authority): Answer {
  const wants = (type: string) => query.type === type || query.type === 'ANY';
  const answers: RecordAnswer[] = [];
  if (wants('SOA')) answers.push(soa(authority));
  if (wants('NS')) answers.push({ type: 'NS', name: authority.zone, ttl: authority.ttlSeconds, data: `ns.dns.${authority.zone}` });
  return answers.length > 0 ? { rcode: RCODE.NOERROR, authoritative: true, answers } : noData(authority);
}

function answerName(query: Query, authority: Authority): Answer {
  const found = authority.table.lookup(query.name);
  if (!found) return { rcode: RCODE.NXDOMAIN, authoritative: true, authorities: [soa(authority)] };
  // The answer repeats the name as it was asked, upper and lower case included.
  const name = query.packet.questions?.[0]?.name ?? query.name;
  const answers: RecordAnswer[] = [];
  if (query.type === 'A' || query.type === 'ANY')
    answers.push(...found.v4.map((data) => ({ type: 'A' as const, name, ttl: authority.ttlSeconds, data })));
  if (query.type === 'AAAA' || query.type === 'ANY')
    answers.push(...found.v6.map((data) => ({ type: 'AAAA' as const, name, ttl: authority.ttlSeconds, data })));
  return answers.length > 0 ? { rcode: RCODE.NOERROR, authoritative: true, answers } : noData(authority);
}

function noData(authority: Authority): Answer {
  return { rcode: RCODE.NOERROR, authoritative: true, authorities: [soa(authority)] };
}

function soa({ table, zone, ttlSeconds }: Authority): RecordAnswer {
  return {
    type: 'SOA',
    name: zone,
    ttl: ttlSeconds,
    data: {
      mname: `ns.dns.${zone}`,
      rname: `hostmaster.${zone}`,
      serial: table.serial >>> 0,
      refresh: 7200,
      retry: 1800,
      expire: 86_400,
      minimum: ttlSeconds,
    },
  };
}

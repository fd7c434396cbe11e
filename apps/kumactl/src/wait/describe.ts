import type { Convergence, ProxyConvergence, ProxyLag } from '@mesh/core';

/** Lines per zone; a zone with a thousand proxies is not told by a thousand lines. */
const LINES_MAX = 10;

/** Whom a revision has reached: `is in 2 zones and 12 proxies`. */
export function summaryOf({ zones, proxies }: Convergence): string {
  const all = [...(proxies ? [proxies] : []), ...(zones ?? []).flatMap((zone) => zone.proxies ?? [])];
  const converged = all.reduce((sum, each) => sum + each.converged, 0);
  const offline = all.reduce((sum, each) => sum + each.offline, 0);
  const stored = (zones ?? []).filter((zone) => zone.stored).length;
  const places = [...(zones ? [counted(stored, 'zone')] : []), counted(converged, 'proxy')];
  return `is in ${places.join(' and ')}${offline > 0 ? ` (${offline} offline)` : ''}`;
}

/** What is in the way, one line each. */
export function problemsOf({ zones, proxies }: Convergence): string[] {
  const own = proxies ? lagging(proxies, '') : [];
  return [
    ...own,
    ...(zones ?? []).flatMap((zone) => {
      const name = `zone "${zone.zone}"`;
      if (zone.state === 'missing') return [`${name} is missing: it ${zone.reason ?? 'is not connected'}`];
      if (zone.refusals) return zone.refusals.map(({ kind, message }) => `${name} refused a ${kind}: ${message}`);
      if (zone.proxies && zone.state !== 'unknown') return lagging(zone.proxies, `${name}: `);
      return zone.state === 'pending' ? [`${name} ${zone.reason ?? 'is at it'}`] : [];
    }),
  ];
}

/** What nobody can tell, one line each. */
export function unknownsOf({ zones, proxies }: Convergence): string[] {
  const ofServer = (count: number, prefix: string): string[] =>
    count > 0 ? [`${prefix}${counted(count, 'proxy')} connected to servers that do not report: whether they have it is unknown`] : [];
  return [
    ...ofServer(proxies?.unknown ?? 0, ''),
    ...(zones ?? [])
      .filter(({ state }) => state === 'unknown')
      .flatMap(({ zone, reason, proxies: its }) =>
        its ? ofServer(its.unknown, `zone "${zone}": `) : [`zone "${zone}" ${reason ?? ''}: whether its proxies have it is unknown`],
      ),
  ];
}

function lagging({ lagging: all, connected, converged }: ProxyConvergence, prefix: string): string[] {
  const lines = all.slice(0, LINES_MAX).map((lag) => `${prefix}${describe(lag)}`);
  const more = connected - converged - lines.length;
  return more > 0 ? [...lines, `${prefix}and ${counted(more, 'more')}`] : lines;
}

function describe({ kind, mesh, name, state, reason = '' }: ProxyLag): string {
  const proxy = `${kind} "${name}"${mesh === '' ? '' : ` in mesh "${mesh}"`}`;
  if (state === 'pending') return `${proxy} has not accepted it yet`;
  return state === 'refused' ? `${proxy} refused it: ${reason}` : `no configuration could be made for ${proxy}: ${reason}`;
}

function counted(count: number, what: 'zone' | 'proxy' | 'more'): string {
  if (what === 'more') return `${count} more`;
  if (what === 'zone') return `${count} zone${count === 1 ? '' : 's'}`;
  return `${count} ${count === 1 ? 'proxy' : 'proxies'}`;
}

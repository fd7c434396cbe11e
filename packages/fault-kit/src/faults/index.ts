import type { Fault } from '../fault.js';
import { both } from './both.js';
import { authorityRotated } from './certificate-authority.js';
import { clockOff } from './clock.js';
import { diskFull } from './disk.js';
import { foreignResources } from './foreign-resources.js';
import { garbage } from './garbage.js';
import { ingressReplaced } from './ingress.js';
import { killed, oneKilled } from './killed-service.js';
import { postgresFailedOver, postgresFull, postgresKilled, postgresRestarted, postgresSlow } from './postgres.js';
import { redisKilled } from './redis.js';
import { scaled } from './scaled.js';
import { leaderStopped, stopped } from './stopped-service.js';
import { zoneCut, zoneDeaf, zonePoor, zoneUnheard } from './wire.js';

/** Left out of `npm test`. */
const inFullOnly = (fault: Fault): Fault => ({ ...fault, isFullOnly: true });

/** Processes that die or hang. */
export const processFaults: readonly Fault[] = [
  killed('global', 'global-cp'),
  killed('global', 'api-gateway'),
  killed('zone1', 'zone-cp'),
  killed('zone2', 'zone-cp'),
  killed('zone1', 'ingress-manager'),
  killed('zone2', 'ingress-manager'),
  ingressReplaced(),
  killed('zone1', 'dns-resolver'),
  killed('zone1', 'api-gateway'),
  stopped('global', 'global-cp'),
  stopped('zone1', 'zone-cp'),
];

/** Postgres servers that die or suffer. */
export const postgresFaults: readonly Fault[] = [
  ...(['global', 'zone1'] as const).flatMap((place) => [
    postgresKilled(place),
    postgresRestarted(place),
    postgresSlow(place),
    postgresFull(place),
  ]),
  inFullOnly(postgresFailedOver('global')),
  postgresFailedOver('zone1'),
  diskFull,
];

/** The network between a zone and its global. */
export const wireFaults: readonly Fault[] = [zoneCut, zoneUnheard, zoneDeaf, zonePoor];

/** What happens to one of two instances of each service, and to what is between them. */
export const instanceFaults: readonly Fault[] = [
  redisKilled,
  oneKilled('global', 'global-cp', 'leader'),
  inFullOnly(oneKilled('global', 'global-cp', 'follower')),
  oneKilled('zone1', 'zone-cp', 'leader'),
  inFullOnly(oneKilled('zone1', 'zone-cp', 'follower')),
  inFullOnly(oneKilled('zone2', 'ingress-manager', 'first')),
  oneKilled('zone2', 'ingress-manager', 'second'),
  inFullOnly(oneKilled('global', 'api-gateway', 'first')),
  inFullOnly(oneKilled('zone1', 'dns-resolver', 'first')),
  inFullOnly(leaderStopped('global', 'global-cp')),
  leaderStopped('zone1', 'zone-cp'),
  scaled('zone1'),
  postgresFailedOver('global'),
];

/** Peers, clocks and certificates that are not what they should be. */
export const trustFaults: readonly Fault[] = [
  garbage(),
  foreignResources,
  clockOff(10),
  clockOff(-10),
  authorityRotated(),
  both(clockOff(10), authorityRotated()),
];

/** All of them. */
export const allFaults: readonly Fault[] = [...processFaults, ...postgresFaults, ...wireFaults, ...trustFaults];

import type { Fault } from '../fault.js';
import type { Place } from '../world/world.js';

/** SIGKILL to the server, and its start on the same data. */
export function postgresKilled(place: Place): Fault {
  return {
    name: `${place}: Postgres killed`,
    place,
    lastsMs: { sampled: 3_000, full: 20_000 },
    inject: (world) => world.databases[place].kill(),
    heal: (world) => world.databases[place].startAgain(),
  };
}

/** An orderly stop and start of the server. */
export function postgresRestarted(place: Place): Fault {
  return {
    name: `${place}: Postgres restarted`,
    place,
    lastsMs: { sampled: 1_000, full: 1_000 },
    inject: (world) => world.databases[place].restart(),
    heal: async () => {},
  };
}

/** Every answer of the server takes half a second longer. */
export function postgresSlow(place: Place): Fault {
  return {
    name: `${place}: Postgres slow (500 ms)`,
    place,
    lastsMs: { sampled: 5_000, full: 30_000 },
    inject: async (world) => world.databases[place].slowDown(500),
    heal: async (world) => world.databases[place].slowDown(0),
  };
}

/** Other clients hold every connection the server allows; those of the control plane are ended. */
export function postgresFull(place: Place): Fault {
  return {
    name: `${place}: Postgres out of connections`,
    place,
    lastsMs: { sampled: 3_000, full: 20_000 },
    inject: (world) => world.databases[place].takeAllConnections(),
    heal: (world) => world.databases[place].giveConnectionsBack(),
  };
}

/** SIGKILL to the server; the standby that has followed it is promoted and found under the same address. */
export function postgresFailedOver(place: Place): Fault {
  return {
    name: `${place}: Postgres failed over to its standby`,
    place,
    lastsMs: { sampled: 2_000, full: 20_000 },
    inject: async (world) => {
      await world.databases[place].startStandby();
      await world.databases[place].kill();
    },
    heal: (world) => world.databases[place].promoteStandby(),
  };
}

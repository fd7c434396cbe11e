import { bool, list, oneOf, section } from '../field.js';

const ADMIN = 'mesh-system:admin';
const WRITERS = [ADMIN, 'mesh-system:authenticated'];
const EVERYBODY = ['mesh-system:unauthenticated', 'mesh-system:authenticated'];

/** Only admins, unless told otherwise. */
function admins(what: string, env?: string) {
  return section(
    { users: list([ADMIN], `Users that may ${what}.`), groups: list([ADMIN], `Groups that may ${what}.`) },
    env ? { env } : {},
  );
}

/** Everybody, unless told otherwise. */
function everybody(what: string, env?: string) {
  return section({ users: list([], `Users that may ${what}.`), groups: list(EVERYBODY, `Groups that may ${what}.`) }, env ? { env } : {});
}

/** `access`: who may do what (contract/rest-api.md §1, Authorisation). */
export const access = section({
  type: oneOf(['static'], 'static', 'Where permissions come from.'),
  anonymousWrites: bool(
    false,
    'Take writes of everything but secrets from callers without a credential, as Kuma does. Reading and writing secrets and issuing tokens still need a credential.',
  ),
  static: section({
    adminResources: admins('read and write secrets, and write everything else'),
    writeResources: section({
      users: list([], 'Users that may write what is no secret.'),
      groups: list(WRITERS, 'Groups that may write what is no secret; by default whoever has a user token.'),
    }),
    generateDpToken: admins('issue dataplane tokens'),
    generateUserToken: admins('issue user tokens'),
    generateZoneToken: admins('issue zone tokens'),
    viewConfigDump: everybody('see configuration dumps of proxies', 'GET_CONFIG_DUMP'),
    viewStats: everybody('see statistics of proxies'),
    viewClusters: everybody('see clusters of proxies'),
    controlPlaneMetadata: everybody('see the configuration of the control plane'),
  }),
});

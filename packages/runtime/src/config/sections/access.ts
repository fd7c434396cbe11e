import { list, oneOf, section } from '../field.js';

const ADMIN = 'mesh-system:admin';
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
  static: section({
    adminResources: admins('use secrets'),
    generateDpToken: admins('issue dataplane tokens'),
    generateUserToken: admins('issue user tokens'),
    generateZoneToken: admins('issue zone tokens'),
    viewConfigDump: everybody('see configuration dumps of proxies', 'GET_CONFIG_DUMP'),
    viewStats: everybody('see statistics of proxies'),
    viewClusters: everybody('see clusters of proxies'),
    controlPlaneMetadata: everybody('see the configuration of the control plane'),
  }),
});

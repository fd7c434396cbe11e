/** Answers of `GET /` and of every `version` command. Clients compare product and version (contract/rest-api.md §5). */
export const PRODUCT = 'Kuma';
/** The Kuma version whose wires this build speaks. */
export const VERSION = '2.14.3';
/** Build facts in the shape KDS, the bootstrap and `version --detailed` carry them. */
export const BUILD_INFO = { version: VERSION, gitTag: 'unknown', gitCommit: 'unknown', buildDate: 'unknown' } as const;

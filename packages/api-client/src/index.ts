export { type ApiClient, type ApiClientOptions, createApiClient } from './client.js';
export type { components, operations, paths } from './gen/api.js';
export { ApiProblem, type ProblemBody, unwrap } from './problem.js';

export { type EmbeddedPostgres, startEmbeddedPostgres } from '@mesh/store-postgres';
export { ApiClient } from './api-client.js';
export { Balancer } from './balancer.js';
export { cpuSeconds, cpuSecondsOfFamily } from './cpu.js';
export {
  type ControlPlaneHandle,
  type ControlPlanePorts,
  type ControlPlaneSpec,
  chooseControlPlanePorts,
  type DataplaneSpec,
  Deployment,
  type DeploymentOptions,
  listenerEnv,
  type StoreChoice,
  serverCertificate,
} from './deployment.js';
export { type FuzzOptions, type FuzzResult, fuzzApi, seedForFuzz } from './fuzz-api.js';
export { type ListeningPorts, listeningPorts } from './listening-ports.js';
export { ManagedProcess, ProcessGroup, type ProcessSpec } from './managed-process.js';
export { residentBytes } from './memory.js';
export { openFiles } from './open-files.js';
export { type PollOptions, until } from './poll.js';
export { choosePort, mayBind } from './ports.js';
export { type EchoAnswer, type ProbeResult, type ProbeTarget, probe, resolveName, spiffeIdsOf } from './probe.js';
export * from './two-zones.js';

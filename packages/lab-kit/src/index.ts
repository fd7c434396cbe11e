export { ApiClient } from './api-client.js';
export {
  type ControlPlaneHandle,
  type ControlPlanePorts,
  type ControlPlaneSpec,
  type DataplaneSpec,
  Deployment,
  type DeploymentOptions,
  type StoreChoice,
  serverCertificate,
} from './deployment.js';
export { ManagedProcess, ProcessGroup, type ProcessSpec } from './managed-process.js';
export { residentBytes } from './memory.js';
export { type PollOptions, until } from './poll.js';
export { choosePort, mayBind } from './ports.js';
export { type EchoAnswer, type ProbeResult, type ProbeTarget, probe, resolveName, spiffeIdsOf } from './probe.js';
export * from './two-zones.js';

export type { ControlPlaneFacts, MeshChange, MeshHook } from './facts.js';
export { isZoneOwnable } from './guards.js';
export { builtinCaSecretNames, secretsOfMesh } from './mesh-rules.js';
export { ResourceManager, type ResourceManagerOptions } from './resource-manager.js';

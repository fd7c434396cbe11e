export { defaultPoliciesForMesh } from './default-policies.js';
/** Descriptors of all policies without their effect: what needs no more loads no Envoy types. */
export { allPolicyKinds } from './kinds.gen.js';

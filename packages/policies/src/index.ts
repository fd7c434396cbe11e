import { type AnyPolicyDescriptor, orderPolicies } from '@mesh/xds';
import { allPolicies } from './index.gen.js';

/** Descriptors of all policies, in order of application; building it fails where two claim the same place. */
export const policyKinds: readonly AnyPolicyDescriptor[] = orderPolicies(allPolicies);
export { type PrometheusTarget, prometheusTargets, usesMeshMetric } from './mesh-metric/prometheus-targets.js';

import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshLoadBalancingStrategy } from './index.js';

runPolicyCases(meshLoadBalancingStrategy, import.meta.dirname);

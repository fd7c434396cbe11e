import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshCircuitBreaker } from './index.js';

runPolicyCases(meshCircuitBreaker, import.meta.dirname);

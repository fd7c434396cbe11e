import { runPolicyCases } from '../../test/run-policy-cases.js';
import { circuitBreaker } from './index.js';

runPolicyCases(circuitBreaker, import.meta.dirname);

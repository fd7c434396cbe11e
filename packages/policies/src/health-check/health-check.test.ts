import { runPolicyCases } from '../../test/run-policy-cases.js';
import { healthCheck } from './index.js';

runPolicyCases(healthCheck, import.meta.dirname);

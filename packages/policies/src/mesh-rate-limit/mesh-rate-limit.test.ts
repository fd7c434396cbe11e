import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshRateLimit } from './index.js';

runPolicyCases(meshRateLimit, import.meta.dirname);

import { runPolicyCases } from '../../test/run-policy-cases.js';
import { rateLimit } from './index.js';

runPolicyCases(rateLimit, import.meta.dirname);

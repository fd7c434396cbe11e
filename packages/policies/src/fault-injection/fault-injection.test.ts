import { runPolicyCases } from '../../test/run-policy-cases.js';
import { faultInjection } from './index.js';

runPolicyCases(faultInjection, import.meta.dirname);

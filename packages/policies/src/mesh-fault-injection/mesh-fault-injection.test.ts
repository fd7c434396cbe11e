import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshFaultInjection } from './index.js';

runPolicyCases(meshFaultInjection, import.meta.dirname);

import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshHealthCheck } from './index.js';

runPolicyCases(meshHealthCheck, import.meta.dirname);

import { runPolicyCases } from '../../test/run-policy-cases.js';
import { timeout } from './index.js';

runPolicyCases(timeout, import.meta.dirname);

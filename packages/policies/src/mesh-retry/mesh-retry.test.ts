import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshRetry } from './index.js';

runPolicyCases(meshRetry, import.meta.dirname);

import { runPolicyCases } from '../../test/run-policy-cases.js';
import { retry } from './index.js';

runPolicyCases(retry, import.meta.dirname);

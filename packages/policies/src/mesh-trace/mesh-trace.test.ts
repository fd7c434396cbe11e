import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshTrace } from './index.js';

runPolicyCases(meshTrace, import.meta.dirname);

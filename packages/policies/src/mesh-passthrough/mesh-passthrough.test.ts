import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshPassthrough } from './index.js';

runPolicyCases(meshPassthrough, import.meta.dirname);

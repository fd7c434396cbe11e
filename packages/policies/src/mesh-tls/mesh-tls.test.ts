import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshTls } from './index.js';

runPolicyCases(meshTls, import.meta.dirname);

import { runPolicyCases } from '../../test/run-policy-cases.js';
import { proxyTemplate } from './index.js';

runPolicyCases(proxyTemplate, import.meta.dirname);

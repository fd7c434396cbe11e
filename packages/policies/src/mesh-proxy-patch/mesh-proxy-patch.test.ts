import { runPolicyCases } from '../../test/run-policy-cases.js';
import { meshProxyPatch } from './index.js';

runPolicyCases(meshProxyPatch, import.meta.dirname);

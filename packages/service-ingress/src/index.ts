export { IngressModule } from './ingress-module.js';
export { IngressRunner } from './ingress-runner.js';

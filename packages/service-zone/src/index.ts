export { ZoneModule } from './zone-module.js';
export { ZoneRunner } from './zone-runner.js';

export { GlobalModule } from './global.module.js';
export { GlobalRunner } from './global-runner.js';

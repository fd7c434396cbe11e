export * from './fields.js';
export { noEffectYet } from './no-effect.js';
export { renderTemplate } from './template.js';

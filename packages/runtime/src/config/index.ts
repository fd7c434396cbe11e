export type { PlacedField } from './field.js';
export { type LoadedConfig, type LoadOptions, loadConfig } from './load.js';
export { configToJson, printConfig } from './print.js';
export { configFields, type KumaConfig } from './schema.js';
export type { PublicKeyConfig } from './sections/servers.js';

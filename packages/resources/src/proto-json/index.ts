export { type ProtoField, ProtoJsonError } from './field.js';
export { map, message, type ProtoFields, protoSchema, repeated } from './message.js';
export * from './scalars.js';
export { duration, isObject, struct, timestamp } from './well-known.js';

export { RedisBus, type RedisBusEvents, type RedisBusOptions } from './redis-bus.js';

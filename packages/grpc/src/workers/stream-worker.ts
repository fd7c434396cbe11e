import { Socket } from 'node:net';
import { StreamWorker } from './worker.js';
import { WORKER_CHANNEL_FD } from './worker-process.js';

// The program of a worker process. It ends with the main process, and only then: signals to the whole group are for that one.
const worker = new StreamWorker(new Socket({ fd: WORKER_CHANNEL_FD }), () => process.exit(0));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => {});
process.on('message', (_message, socket) => worker.take(socket as Socket | undefined));
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => worker.failed(error));
process.on('unhandledRejection', (reason) => worker.failed(reason));

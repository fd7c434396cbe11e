import { Server, type ServerOptions } from '@grpc/grpc-js';

/** Bytes of one message, in either direction (contract/kds.md §1). */
export const messageBytesMax = 10 * 1024 * 1024;

/** Ping after this long without traffic, and how long a peer has to answer (contract/dataplane.md §1.1). */
const keepaliveMs = 15_000;

/**
 * Proxies are pinged less often than peers of which there are few: each ping of a thousand connections wakes the process, and
 * the kernel finds those that are gone sooner, at no cost (`tcpKeepaliveMs` of the mux).
 */
export const PROXY_KEEPALIVE: ServerOptions = { 'grpc.keepalive_time_ms': 60_000 };

/** A gRPC server with the limits and the keepalive that Kuma's servers have. */
export function createGrpcServer(options: ServerOptions = {}): Server {
  return new Server({
    'grpc.keepalive_time_ms': keepaliveMs,
    'grpc.keepalive_timeout_ms': keepaliveMs,
    'grpc.max_concurrent_streams': 1_000_000,
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': -1,
    ...options,
  });
}

/** Metadata that carries the W3C trace context of a call. */
export const TRACE_KEY = 'traceparent';

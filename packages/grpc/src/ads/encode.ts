import type { SendAction, SnapshotResource } from '@mesh/delta';

/**
 * Writes discovery responses around resource bodies that are encoded already: one allocation of
 * the right size, and each body copied once.
 * Field numbers: https://github.com/envoyproxy/envoy/blob/main/api/envoy/service/discovery/v3/discovery.proto
 */

/** Bytes of `envoy.service.discovery.v3.DiscoveryResponse`. */
export function encodeSotwResponse(action: SendAction, controlPlaneId: string): Buffer {
  const fields: Field[] = [text(1, action.version)];
  for (const resource of action.resources) fields.push(anyOf(2, action.typeUrl, resource.body));
  fields.push(text(4, action.typeUrl), text(5, action.nonce), message(6, [text(1, controlPlaneId)]));
  return encode(fields);
}

/** Bytes of `envoy.service.discovery.v3.DeltaDiscoveryResponse`. */
export function encodeDeltaResponse(action: SendAction, controlPlaneId: string): Buffer {
  const fields: Field[] = [text(1, action.version)];
  for (const resource of action.resources) fields.push(deltaResource(action.typeUrl, resource));
  fields.push(text(4, action.typeUrl), text(5, action.nonce));
  for (const name of action.removed) fields.push(text(6, name, true));
  fields.push(message(7, [text(1, controlPlaneId)]));
  return encode(fields);
}

function deltaResource(typeUrl: string, resource: SnapshotResource): Field {
  return message(2, [text(1, resource.version), anyOf(2, typeUrl, resource.body), text(3, resource.name)]);
}

function anyOf(number: number, typeUrl: string, body: Uint8Array): Field {
  return message(number, [text(1, typeUrl), bytes(2, body)]);
}

/** A length-delimited field; `size` is that of its content, -1 for one that is left out. */
interface Field {
  readonly number: number;
  readonly size: number;
  readonly write: (target: Buffer, at: number) => void;
}

function text(number: number, value: string, keepEmpty = false): Field {
  const size = value === '' && !keepEmpty ? -1 : Buffer.byteLength(value);
  return { number, size, write: (target, at) => void target.write(value, at) };
}

function bytes(number: number, value: Uint8Array): Field {
  return { number, size: value.length === 0 ? -1 : value.length, write: (target, at) => target.set(value, at) };
}

function message(number: number, fields: readonly Field[]): Field {
  return { number, size: sizeOf(fields), write: (target, at) => void writeFields(target, at, fields) };
}

function encode(fields: readonly Field[]): Buffer {
  const target = Buffer.allocUnsafe(sizeOf(fields));
  writeFields(target, 0, fields);
  return target;
}

function sizeOf(fields: readonly Field[]): number {
  let total = 0;
  for (const { size } of fields) if (size >= 0) total += 1 + varintSize(size) + size;
  return total;
}

function writeFields(target: Buffer, start: number, fields: readonly Field[]): void {
  let at = start;
  for (const { number, size, write } of fields) {
    if (size < 0) continue;
    target[at] = (number << 3) | 2;
    at = writeVarint(target, at + 1, size);
    write(target, at);
    at += size;
  }
}

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
  return size;
}

function writeVarint(target: Buffer, start: number, value: number): number {
  let at = start;
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[at++] = (rest % 128) | 0x80;
  target[at++] = rest;
  return at;
}

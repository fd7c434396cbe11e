import { hash } from 'node:crypto';
import { create, type DescMessage, fromBinary, fromJson, toBinary, toJson } from '@bufbuild/protobuf';
import type { Any } from '@bufbuild/protobuf/wkt';
import { type AnyDescriptor, type Json, type JsonObject, MeshError, messageOf } from '@mesh/core';
import { kumaRegistry } from '@mesh/proto';
import { KumaResourceSchema } from '@mesh/proto/kuma/mesh/v1alpha1/kds_pb.js';
import { canonical } from './canonical.js';
import { wireName } from './names.js';

/** A resource as KDS carries it: no version, no times, no owner. */
export interface WireResource {
  readonly name: string;
  /** Empty for kinds of global scope. */
  readonly mesh: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: JsonObject;
  readonly status?: JsonObject;
}

/** One resource as it goes on the wire: encoded once, shared by every stream that sends it. */
export interface EncodedResource {
  /** See `wireName`. */
  readonly name: string;
  /** Changes exactly when `body` changes: a hash of it. */
  readonly version: string;
  /** The bytes of a `KumaResource`. */
  readonly body: Uint8Array;
}

/** `Any.type_url` of every resource in a delta response. */
export const KUMA_RESOURCE_TYPE_URL = 'type.googleapis.com/kuma.mesh.v1alpha1.KumaResource';
const TYPE_URL_PREFIX = 'type.googleapis.com/';
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Encodes a resource; equal resources give equal bytes, whatever the order of their keys (contract/kds.md §2). */
export function encodeResource(resource: WireResource, descriptor: AnyDescriptor): Uint8Array {
  try {
    const message = create(KumaResourceSchema, {
      meta: { name: resource.name, mesh: resource.mesh, version: '', labels: canonical({ ...resource.labels }) as Record<string, string> },
      spec: packSpec(resource.spec, descriptor),
      ...(resource.status !== undefined ? { status: packJson(resource.status) } : {}),
    });
    return toBinary(KumaResourceSchema, message);
  } catch (cause) {
    throw asMeshError(cause, `${descriptor.kind} ${resource.name} cannot be encoded`);
  }
}

/** Encodes a resource once for all streams that send it; its version is the hash of its bytes. */
export function toEncodedResource(resource: WireResource, descriptor: AnyDescriptor): EncodedResource {
  const body = encodeResource(resource, descriptor);
  return { name: wireName(resource.name, resource.mesh), version: hash('sha256', body, 'hex'), body };
}

/** Decodes a `KumaResource` of a known kind; throws MeshError `bad_request` for whatever is none. */
export function decodeResource(bytes: Uint8Array, descriptor: AnyDescriptor): WireResource {
  try {
    const message = fromBinary(KumaResourceSchema, bytes, { readUnknownFields: false });
    if (!message.meta || message.meta.name === '') throw new MeshError('bad_request', { public: 'meta.name: cannot be empty' });
    if (!message.spec) throw new MeshError('bad_request', { public: 'spec: cannot be empty' });
    const status = descriptor.hasStatus && message.status ? unpackJson(message.status) : undefined;
    return {
      name: message.meta.name,
      mesh: message.meta.mesh,
      labels: { ...message.meta.labels },
      spec: unpackSpec(message.spec, descriptor),
      ...(status ? { status } : {}),
    };
  } catch (cause) {
    throw asMeshError(cause, `a ${descriptor.kind} cannot be decoded`);
  }
}

function packSpec(spec: JsonObject, descriptor: AnyDescriptor): Pick<Any, 'typeUrl' | 'value'> {
  if (descriptor.wire === 'json') return packJson(spec);
  const schema = schemaOf(descriptor.wire.proto);
  const message = fromJson(schema, canonical(spec), { registry: kumaRegistry, ignoreUnknownFields: true });
  return { typeUrl: `${TYPE_URL_PREFIX}${schema.typeName}`, value: toBinary(schema, message) };
}

function unpackSpec(any: Any, descriptor: AnyDescriptor): JsonObject {
  if (descriptor.wire === 'json') return unpackJson(any);
  const schema = schemaOf(descriptor.wire.proto);
  const typeName = any.typeUrl.slice(any.typeUrl.lastIndexOf('/') + 1);
  if (typeName !== schema.typeName) throw new MeshError('bad_request', { public: `spec: is a ${typeName}, not a ${schema.typeName}` });
  const message = fromBinary(schema, any.value, { readUnknownFields: false });
  return asObject(toJson(schema, message, { registry: kumaRegistry }) as Json);
}

function packJson(value: JsonObject): Pick<Any, 'typeUrl' | 'value'> {
  return { typeUrl: '', value: Buffer.from(JSON.stringify(canonical(value))) };
}

function unpackJson(any: Any): JsonObject {
  return asObject(JSON.parse(decoder.decode(any.value)) as Json);
}

function asObject(value: Json): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new MeshError('bad_request', { public: 'is not an object' });
  return canonical(value) as JsonObject;
}

function schemaOf(name: string): DescMessage {
  const schema = kumaRegistry.getMessage(name);
  if (!schema) throw new Error(`message ${name} is not generated`);
  return schema;
}

function asMeshError(cause: unknown, what: string): MeshError {
  const detail = MeshError.is(cause) ? cause.public : messageOf(cause);
  return new MeshError('bad_request', { public: `${what}: ${detail}`, cause });
}

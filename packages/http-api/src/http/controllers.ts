import { All, Controller, Req, Res, type Type } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Answer } from './answer.js';
import type { Dispatcher } from './dispatch.js';
import { type Route, type RouteGroup, toRouterPath } from './route.js';

/**
 * A Nest controller made of data: one method per path of the group, open to every verb, so that a
 * wrong verb is answered with 405 and `Allow` instead of 404.
 */
export function makeController(group: RouteGroup, dispatcher: Dispatcher): Type<object> {
  class GeneratedController {}
  Object.defineProperty(GeneratedController, 'name', { value: `${group.name}Controller` });
  group.routes.forEach((route, i) => {
    addRoute(GeneratedController.prototype, { name: `route${i}`, route, dispatcher });
  });
  Controller()(GeneratedController);
  return GeneratedController;
}

function addRoute(prototype: object, { name, route, dispatcher }: { name: string; route: Route; dispatcher: Dispatcher }): void {
  const value = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    await send(reply, await dispatcher.dispatch(route, request, reply.raw), dispatcher.crossOriginHeaders(request));
  };
  Object.defineProperty(prototype, name, { value, writable: true, configurable: true });
  const descriptor = Object.getOwnPropertyDescriptor(prototype, name) as TypedPropertyDescriptor<typeof value>;
  Req()(prototype, name, 0);
  Res()(prototype, name, 1);
  All(toRouterPath(route.template))(prototype, name, descriptor);
}

/** Writes an answer. The length is given, so that clients need no chunks. */
export async function send(reply: FastifyReply, answer: Answer, extra: Readonly<Record<string, string>> = {}): Promise<void> {
  const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : asBuffer(answer.body);
  reply.status(answer.status).headers({ ...extra, ...answer.headers });
  if (answer.contentType !== undefined) reply.header('content-type', answer.contentType);
  // Without a body there is no type to guess.
  await reply.send(body.length === 0 ? undefined : body);
}

/** The same bytes, not copied. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

import { STATUS_CODES } from 'node:http';
import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BODY_BYTES_MAX } from '../options.js';
import { type Answer, pageNotFound, routerText } from './answer.js';
import { send } from './controllers.js';
import type { Dispatcher } from './dispatch.js';
import { problem } from './errors.js';

/** Turns what the framework throws around the handlers into the answers of contract/rest-api.md §1 and §2.4. */
@Catch()
export class ApiExceptionFilter implements ExceptionFilter {
  constructor(private readonly dispatcher: Dispatcher) {}

  async catch(exception: unknown, host: ArgumentsHost): Promise<void> {
    const http = host.switchToHttp();
    const request = http.getRequest<FastifyRequest>();
    const reply = http.getResponse<FastifyReply>();
    if (reply.sent || reply.raw.headersSent) return;
    const answer = this.answer(exception, request);
    if (answer !== pageNotFound) this.dispatcher.refused(request, answer);
    await send(reply, answer, this.dispatcher.crossOriginHeaders(request));
  }

  private answer(exception: unknown, request: FastifyRequest): Answer {
    const status = statusOf(exception);
    if (status === 404) return pageNotFound;
    if (status === 413)
      return problem({ status, title: 'Request too large', detail: `the body must have at most ${BODY_BYTES_MAX} bytes` });
    if (status >= 400 && status < 500) return routerText(status, STATUS_CODES[status] ?? 'Bad Request');
    return this.dispatcher.explain(exception, { title: 'Could not process the request', request });
  }
}

/** The status the framework means; 500 where it says none. */
function statusOf(exception: unknown): number {
  if (exception instanceof HttpException) return exception.getStatus();
  const { statusCode } = (exception ?? {}) as { statusCode?: unknown };
  return typeof statusCode === 'number' ? statusCode : 500;
}

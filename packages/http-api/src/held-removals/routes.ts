import { heldRemovals } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { json } from '../http/answer.js';
import { handler, type Route } from '../http/route.js';
import { HELD_REMOVALS_DOC } from './docs.js';

/** `GET /held-removals`: what is kept although its owner no longer has it (design.md §5). */
export function heldRemovalsRoutes({ controlPlane }: ApiContext): Route[] {
  const GET = handler('Could not list held removals', () => {
    const items = heldRemovals(controlPlane.view);
    return json({ total: items.length, items });
  });
  return [{ template: '/held-removals', produces: ['application/json'], methods: { GET }, docs: { GET: HELD_REMOVALS_DOC } }];
}

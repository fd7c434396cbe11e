import { type HeldRemoval, heldRemovals, keyOfHeld } from '@mesh/core';
import type { ApiContext } from '../context.js';
import { untilVisible } from '../context.js';
import { json } from '../http/answer.js';
import { ApiError } from '../http/errors.js';
import { handler, type Route } from '../http/route.js';
import { auditOf, authorOf } from '../resources/write.js';
import { HELD_REMOVALS_DOC, RELEASE_DOC } from './docs.js';

const RELEASE_TITLE = 'Could not release held removals';

/** `/held-removals`: what is kept although its owner no longer has it (design.md §5), and its end. */
export function heldRemovalsRoutes(context: ApiContext): Route[] {
  const { controlPlane, access } = context;
  const GET = handler('Could not list held removals', () => listing(heldRemovals(controlPlane.view)));
  const DELETE = handler(RELEASE_TITLE, async (request) => {
    const { query, identity } = request;
    const peer = query.get('peer') ?? '';
    if (peer === '') throw mistake('peer: cannot be empty; it is "global", or the name of a zone');
    const [kind, name] = [query.get('kind'), query.get('name')];
    if (name !== null && kind === null) throw mistake('kind: cannot be empty where a name is given');
    const held = heldRemovals(controlPlane.view).filter(
      (each) => each.peer === peer && (kind === null || each.kind === kind) && (name === null || each.name === name),
    );
    for (const kindOf of new Set(held.map((each) => each.kind))) access.requireWrite(identity, kindOf);
    const author = authorOf(request);
    // Each is recorded with its own write; what none of them recorded is left to the record of the request.
    let recorded = held.length > 0;
    for (const each of held) {
      const key = keyOfHeld(each);
      const released = key && (await controlPlane.delete({ key, author, audit: auditOf(request, key) }));
      if (released) await untilVisible(context, released.revision);
      recorded &&= released?.recorded ?? false;
    }
    return { ...listing(held), recorded };
  });
  return [
    {
      template: '/held-removals',
      produces: ['application/json'],
      methods: { GET, DELETE },
      docs: { GET: HELD_REMOVALS_DOC, DELETE: RELEASE_DOC },
    },
  ];
}

function listing(items: readonly HeldRemoval[]) {
  return json({ total: items.length, items });
}

function mistake(detail: string): ApiError {
  return new ApiError({ status: 400, title: RELEASE_TITLE, detail });
}

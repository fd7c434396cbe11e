import { arraySchema, COUNT, type OperationDoc, objectSchema, ok, STRING } from '../openapi/operation.js';

const HELD_REMOVAL = objectSchema(
  {
    peer: { ...STRING, description: '`global`, or the name of a zone.' },
    kind: STRING,
    name: { ...STRING, description: 'As the peer called it, with the mesh behind the last dot.' },
    released: {
      ...STRING,
      enum: ['removed', 'replaced'],
      description: 'What happens once it is released: it goes, or the default that its owner has takes its place.',
    },
  },
  ['peer', 'kind', 'name', 'released'],
);

/** What the OpenAPI document says of `GET /held-removals`. */
export const HELD_REMOVALS_DOC: OperationDoc = {
  id: 'listHeldRemovals',
  summary: 'List resources that are kept although their owner no longer has them, or only a default',
  description:
    'A zone or a global that came back with another store, or an older state of it, may add and change, but not remove, nor replace anything by a default that was made with the store.',
  query: [],
  responses: ok(
    'Held removals, by peer, kind and name.',
    objectSchema({ total: COUNT, items: arraySchema(HELD_REMOVAL) }, ['total', 'items']),
  ),
};

/** What the OpenAPI document says of `DELETE /held-removals`. */
export const RELEASE_DOC: OperationDoc = {
  id: 'releaseHeldRemovals',
  summary: 'Let go of resources that are kept although their owner no longer has them, or only a default',
  description: 'All that are kept of a peer, or those of one kind, or one of them.',
  query: [
    { name: 'peer', description: '`global`, or the name of a zone. It must be there.', schema: STRING },
    { name: 'kind', description: 'Only those of a kind.', schema: STRING },
    { name: 'name', description: 'Only the one that `GET /held-removals` calls so; with its kind.', schema: STRING },
  ],
  responses: ok('What was released.', objectSchema({ total: COUNT, items: arraySchema(HELD_REMOVAL) }, ['total', 'items'])),
};

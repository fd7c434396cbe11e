import { AUDIT_OUTCOMES } from '@mesh/core';
import { ANYTHING, arraySchema, COUNT, mapSchema, type OperationDoc, objectSchema, ok, STRING } from '../openapi/operation.js';

const OUTCOME = { ...STRING, enum: AUDIT_OUTCOMES };

const RECORD = objectSchema(
  {
    id: { ...COUNT, description: 'Grows from record to record.' },
    time: STRING,
    who: { ...STRING, description: 'Name of the user.' },
    groups: arraySchema(STRING),
    by: { ...STRING, description: 'How the caller was recognised: `token`, `certificate`, `localhost`; `none`: not at all.' },
    peer: { ...STRING, description: 'Address of the caller.' },
    method: STRING,
    path: { ...STRING, description: 'As sent, without the query.' },
    kind: STRING,
    mesh: STRING,
    name: STRING,
    details: { ...mapSchema(ANYTHING), description: 'Of an issued token: whom it is for, and the ID that revokes it.' },
    revision: { ...COUNT, description: 'That a write made; absent where nothing changed.' },
    status: COUNT,
    outcome: OUTCOME,
  },
  ['id', 'time', 'who', 'groups', 'by', 'peer', 'method', 'path', 'status', 'outcome'],
);

const RECORDS = objectSchema(
  {
    items: arraySchema(RECORD),
    next: { type: ['string', 'null'], description: 'Address of the records before these; null where there are none.' },
  },
  ['items', 'next'],
);

const TIME = 'A time such as "2026-11-21T08:00:00Z", or a duration before now such as "1h".';

/** What the OpenAPI document says of `GET /audit`. */
export const AUDIT_DOC: OperationDoc = {
  id: 'listAuditRecords',
  summary: 'List who asked for what, and what became of it: writes, issued tokens, reads of secrets, refused requests',
  description: 'Newest first. For those who may read secrets. A zone tells of its own requests, a global of its own.',
  query: [
    { name: 'size', description: 'Records per page; 100 unless said.', schema: { type: 'integer', minimum: 1, maximum: 1000 } },
    { name: 'before', description: 'Only records with a smaller `id`: the next page.', schema: COUNT },
    { name: 'who', description: 'Only those of a user.', schema: STRING },
    { name: 'kind', description: 'Only those about a kind: `MeshTimeout`.', schema: STRING },
    { name: 'mesh', description: 'Only those about what is in a mesh.', schema: STRING },
    { name: 'name', description: 'Only those about resources of this name.', schema: STRING },
    { name: 'outcome', description: 'Only those that came to this.', schema: OUTCOME },
    { name: 'since', description: `Only those of this time and later. ${TIME}`, schema: STRING },
    { name: 'until', description: `Only those from before this time. ${TIME}`, schema: STRING },
  ],
  responses: ok('Records.', RECORDS),
};

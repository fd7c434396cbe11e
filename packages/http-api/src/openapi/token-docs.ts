import type { Route } from '../http/route.js';
import { arraySchema, type JsonSchema, mapSchema, type OperationDoc, objectSchema, STRING } from './operation.js';

const VALID_FOR: JsonSchema = { ...STRING, description: 'A duration: `24h`, `720h30m`.', examples: ['24h'] };

function doc(id: string, summary: string, body: JsonSchema): OperationDoc {
  const token = { description: 'The token.', contentType: 'text/plain', schema: STRING };
  const unreadable = { description: 'What breaks rules is named as everywhere; a body that cannot be read is answered with nothing.' };
  return { id, summary, body, responses: { 200: token, 400: unreadable } };
}

/** What the OpenAPI document says of the routes that issue tokens, by template (contract/rest-api.md §4). */
export const TOKEN_DOCS: Readonly<Record<string, NonNullable<Route['docs']>>> = {
  '/tokens/dataplane': {
    POST: doc(
      'issueDataplaneToken',
      'Issue a token for a dataplane',
      objectSchema(
        {
          name: STRING,
          mesh: STRING,
          tags: mapSchema(arraySchema(STRING)),
          type: { enum: ['', 'dataplane', 'ingress', 'egress'] },
          workload: STRING,
          validFor: VALID_FOR,
        },
        ['mesh'],
      ),
    ),
  },
  '/tokens/zone': {
    POST: doc(
      'issueZoneToken',
      'Issue a token for a zone or its proxies',
      objectSchema({ zone: STRING, scope: arraySchema(STRING), validFor: VALID_FOR }, ['scope']),
    ),
  },
  '/tokens/user': {
    POST: doc(
      'issueUserToken',
      'Issue a token for a user of the API',
      objectSchema({ name: STRING, groups: arraySchema(STRING), validFor: VALID_FOR }, ['name', 'validFor']),
    ),
  },
};

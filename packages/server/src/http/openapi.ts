import { STATUS_CODES } from 'node:http'
import type { ErrorCode } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import type { RestRoute } from '../rest-route.ts'
import { appRouter } from '../router.ts'
import { componentsOf } from './openapi-components.ts'
import type { JsonSchema } from './json-schema.ts'
import { jsonSchemaOf } from './json-schema.ts'
import type { Field, Operation } from './rest-operations.ts'
import { operationsOf } from './rest-operations.ts'

/** The OpenAPI 3.1 document of the REST door, as `GET /openapi.json` serves it. */
export function openApi(): object {
  return openApiDocument(operationsOf(appRouter))
}

const headers = {
  ETag: {
    description: 'Names this state of the answer: the same until the answer changes',
    schema: { type: 'string' },
  },
  Location: { description: 'The path of what was created', schema: { type: 'string' } },
  'Idempotency-Replayed': {
    description: 'The answer is the one that an earlier request with the same key got',
    schema: { const: 'true' },
  },
  'Retry-After': { description: 'Seconds to wait before the next try', schema: { type: 'integer' } },
}

const ifNoneMatch = {
  name: 'If-None-Match',
  in: 'header',
  description: 'The ETag of the answer you have',
  required: false,
  schema: { type: 'string' },
}
const notModified = [
  '304',
  { description: 'Not changed since the answer of this ETag', headers: { ETag: headers.ETag } },
]

export function openApiDocument(operations: readonly Operation[]): object {
  const components = componentsOf()
  const paths: Record<string, Record<string, object>> = {}
  // Answers first: where an input's form of a schema differs from the answer's, it is the input's that gets a suffix.
  const answers = new Map(operations.map((each) => [each, components.add(jsonSchemaOf(each.answer.schema, 'output'))]))
  for (const operation of operations) {
    const { route, procedure } = operation
    const describe = (places: Placed, operationId: string): object => ({
      operationId,
      summary: route.summary,
      tags: [`${route.resource}s`],
      ...requestOf(operation, places),
      responses: responsesOf(operation, places),
    })
    const method = route.method.toLowerCase()
    ;(paths[route.path] ??= {})[method] = describe(placed(operation, 'body'), procedure)
    if (route.alias) (paths[route.alias] ??= {})[method] = describe(placed(operation, 'query'), `${procedure}.query`)
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Stockroom',
      version: '1.0.0',
      description:
        'Products and orders. Amounts are whole minor units, times are ISO 8601 in UTC, errors are RFC 9457 problems with a code.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    tags: [{ name: 'products' }, { name: 'orders' }],
    paths,
    components: components.all(),
  }

  function requestOf({ input, hasEtag }: Operation, { parameters, body }: Placed): object {
    const shown = [
      ...parameters.map(({ field, place }) => {
        const { description, ...schema } = field.schema
        return {
          name: field.wireName,
          in: place,
          ...(description !== undefined && { description }),
          required: place === 'path' || field.required,
          schema: components.add(schema, input),
        }
      }),
      ...(hasEtag ? [ifNoneMatch] : []),
    ]
    return {
      ...(shown.length > 0 && { parameters: shown }),
      ...(body.length > 0 && {
        requestBody: {
          required: body.some(({ required }) => required),
          content: { 'application/json': { schema: components.add(bodySchema(input, body)) } },
        },
      }),
    }
  }

  function responsesOf(operation: Operation, places: Placed): object {
    const { route } = operation
    const status = route.status ?? 200
    const byStatus = Map.groupBy(codesOf(operation, places), (code) => errors[code].status)
    const problems = Array.from(byStatus, ([errorStatus, codes]) => {
      const schemas = codes.map((code) => components.problem(code))
      const response = {
        description: codes.map((code) => `${code}: ${errors[code].text}`).join('; '),
        ...(errorStatus === 503 && { headers: { 'Retry-After': headers['Retry-After'] } }),
        content: { 'application/problem+json': { schema: schemas.length === 1 ? schemas[0] : { oneOf: schemas } } },
      }
      return [String(errorStatus), response] as const
    })
    const isStream = route.answer === 'events'
    const success = {
      description: isStream
        ? 'Server-sent events without an end; the data of each is as the schema says'
        : STATUS_CODES[status],
      ...successHeaders(operation),
      content: { [isStream ? 'text/event-stream' : 'application/json']: { schema: answers.get(operation) } },
    }
    return Object.fromEntries([[String(status), success], ...(operation.hasEtag ? [notModified] : []), ...problems])
  }
}

function successHeaders({ route, fields, hasEtag }: Operation): object {
  const shown = {
    ...(hasEtag && { ETag: headers.ETag }),
    ...(route.status === 201 && { Location: headers.Location }),
    ...(fields.some(({ name }) => name === 'idempotencyKey') && {
      'Idempotency-Replayed': headers['Idempotency-Replayed'],
    }),
  }
  return {
    ...(Object.keys(shown).length > 0 && { headers: shown }),
    ...(route.status === 201 && { links: linksOf(route) }),
  }
}

interface Placed {
  readonly parameters: readonly { field: Field; place: 'path' | 'query' | 'header' }[]
  readonly body: readonly Field[]
}

/** Where each field stands in the document; one that may stand in two places is shown at the preferred one. */
function placed({ fields }: Operation, preferred: 'body' | 'query'): Placed {
  const at = fields.map((field) => ({ field, place: field.places.includes(preferred) ? preferred : field.places[0]! }))
  return {
    parameters: at.flatMap(({ field, place }) => (place === 'body' ? [] : [{ field, place }])),
    body: at.flatMap(({ field, place }) => (place === 'body' ? [field] : [])),
  }
}

/** The declared input without the fields that stand elsewhere, under the input's own name if it has one. */
function bodySchema(input: JsonSchema, body: readonly Field[]): JsonSchema {
  const name = input.$ref?.replace('#/$defs/', '')
  const { $defs, ...whole } = name === undefined ? input : (input.$defs?.[name] ?? {})
  const inBody = {
    ...whole,
    properties: Object.fromEntries(body.map((field) => [field.name, field.schema])),
    required: body.filter(({ required }) => required).map((field) => field.name),
  }
  return name === undefined ? { ...inBody, $defs } : { $ref: input.$ref, $defs: { ...input.$defs, [name]: inBody } }
}

/** The operation's own errors, and those that its form brings with it. */
function codesOf({ route }: Operation, { parameters, body }: Placed): ErrorCode[] {
  const codes: ErrorCode[] = [...route.errors, 'VALIDATION']
  if (body.length > 0) codes.push('MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE')
  if (body.length > 0 || parameters.some(({ place }) => place === 'path')) codes.push('MALFORMED_REQUEST')
  codes.push('INTERNAL', 'BUSY')
  if (route.method !== 'GET') codes.push('OUTCOME_UNKNOWN')
  return codes
}

function linksOf({ resource }: RestRoute): object {
  const id = `${resource}_id`
  return { [`get_${resource}`]: { operationId: `${resource}s.byId`, parameters: { [id]: `$response.body#/${id}` } } }
}

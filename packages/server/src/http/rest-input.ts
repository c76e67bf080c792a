import type { IncomingHttpHeaders } from 'node:http'
import type { Issue } from '@stockroom/contracts'
import { ShopError } from '../domain/errors.ts'
import type { JsonSchema } from './json-schema.ts'
import { resolve } from './json-schema.ts'
import type { Field, Operation, Place } from './rest-operations.ts'
import { decoder, toSnake } from './wire-names.ts'

/** A request, whichever server it came through. */
export interface RestRequest {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** The parsed body; undefined where there is none. */
  readonly body: unknown
}

export interface InputReader {
  /** The procedure's input, each field read only from its own place. Throws VALIDATION for what no field claims. */
  readonly read: (request: RestRequest) => Record<string, unknown>
  /** Says a VALIDATION error of the procedure in the names and places of this request. */
  readonly locate: (error: ShopError<'VALIDATION'>, request: RestRequest) => ShopError<'VALIDATION'>
}

export function inputReader({ input, fields }: Operation): InputReader {
  const inPlace = (place: Place): Field[] => fields.filter(({ places }) => places.includes(place))
  const pathFields = inPlace('path')
  const queryFields = new Map(inPlace('query').map((field) => [field.wireName, field]))
  const headerFields = inPlace('header').map((field) => ({ ...field, header: field.wireName.toLowerCase() }))
  const bodyFields = inPlace('body')
  const decodeBody = decoder(
    { properties: Object.fromEntries(bodyFields.map(({ name, schema }) => [name, schema])) },
    input,
  )

  return {
    read({ params, query, headers, body }) {
      const issues: Issue[] = []
      const read = { ...readBody(body, issues) }
      for (const name of new Set(query.keys())) {
        const field = queryFields.get(name)
        if (!field) issues.push({ loc: ['query', name], msg: 'is not a parameter of this request' })
        else if (field.name in read) issues.push({ loc: ['query', name], msg: 'is given in the body too' })
        else read[field.name] = decodeText(query.getAll(name), resolve(field.schema, input))
      }
      for (const { name, wireName } of pathFields) read[name] = params[wireName]
      for (const { name, header } of headerFields) if (headers[header] !== undefined) read[name] = headers[header]
      if (issues.length > 0) throw new ShopError('VALIDATION', { issues })
      return read
    },

    locate(error, { query }) {
      const issues = error.details.issues.map(({ loc: [name, ...rest], msg }) => {
        const field = fields.find((candidate) => candidate.name === name)
        if (!field) return { loc: ['body', ...[name ?? [], rest].flat()], msg }
        const place = field.places.length > 1 && query.has(field.wireName) ? 'query' : field.places[0]!
        return {
          loc: [place, field.wireName, ...rest.map((part) => (typeof part === 'string' ? toSnake(part) : part))],
          msg,
        }
      })
      return new ShopError('VALIDATION', { issues })
    },
  }

  function readBody(body: unknown, issues: Issue[]): Record<string, unknown> {
    if (body === undefined) return {}
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      issues.push({ loc: ['body'], msg: 'must be a JSON object' })
      return {}
    }
    return decodeBody(body, ['body'], issues) as Record<string, unknown>
  }
}

/**
 * A query parameter by its declared type. What does not look like the type stays text, so that validation reports
 * it under its name; a parameter given twice is an array, which only an array field accepts.
 */
function decodeText(texts: string[], schema: JsonSchema): unknown {
  const [text = '', another] = texts
  if (schema.type === 'array') return texts
  if (another !== undefined) return texts
  if (schema.type === 'integer' && /^-?(0|[1-9]\d*)(\.0+)?$/.test(text)) return Number(text)
  if (schema.type === 'number' && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text)) return Number(text)
  if (schema.type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}

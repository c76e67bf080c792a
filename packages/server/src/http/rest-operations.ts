import type { AnyTRPCProcedure, AnyTRPCRouter } from '@trpc/server'
import type { RestRoute } from '../rest-route.ts'
import type { Definition } from './call-procedure.ts'
import { definitionOf, proceduresOf } from './call-procedure.ts'
import type { AnswerForm } from './rest-forms.ts'
import { answerOf } from './rest-forms.ts'
import type { JsonSchema } from './json-schema.ts'
import { jsonSchemaOf, resolve } from './json-schema.ts'
import { toSnake } from './wire-names.ts'

export type Place = 'path' | 'query' | 'header' | 'body'

/** Fields that travel as a header of the request, in every operation that has them. */
const headers: Readonly<Record<string, string>> = { idempotencyKey: 'Idempotency-Key', lastEventId: 'Last-Event-ID' }

/** A field of a procedure's input, and where in a request it may stand. */
export interface Field {
  readonly name: string
  readonly wireName: string
  readonly places: readonly Place[]
  readonly schema: JsonSchema
  readonly required: boolean
}

/** A procedure as the REST door offers it: its route with everything the schemas say, worked out once. */
export interface Operation {
  readonly route: RestRoute
  /** `orders.create`: the procedure, and the operation's id in the document. */
  readonly procedure: string
  readonly type: Definition['type']
  readonly input: JsonSchema
  readonly fields: readonly Field[]
  readonly answer: AnswerForm
  /** Whether its answers are kept as bytes, and have an ETag. */
  readonly hasEtag: boolean
}

/**
 * Every procedure that says `.meta({ rest })`. It reads fields that tRPC calls internal, so the version is pinned and
 * a test guards them. What could only fail at a request fails here, at the start.
 */
export function operationsOf(router: AnyTRPCRouter): Operation[] {
  // Not in its public type; a test guards it.
  const { lazy } = router._def as unknown as { lazy: object }
  if (Object.keys(lazy).length > 0)
    throw new Error('lazy routers cannot be offered over REST: their procedures are not known at the start')
  const operations = Object.entries(proceduresOf(router)).flatMap(
    ([path, procedure]) => operationOf(path, procedure) ?? [],
  )
  const seen = new Set<string>()
  for (const { route } of operations) {
    for (const path of [route.path, route.alias ?? []].flat()) {
      const key = `${route.method} ${path}`
      if (seen.has(key)) throw new Error(`two procedures claim ${key}`)
      seen.add(key)
    }
  }
  // So `/products/events` is never taken for the product of that id.
  return operations.toSorted((a, b) => parametersOf(a) - parametersOf(b))
}

const parametersOf = ({ route }: Operation): number => route.path.split('{').length

function operationOf(name: string, procedure: AnyTRPCProcedure): Operation | undefined {
  const { meta, type, inputs, output } = definitionOf(procedure)
  const route = meta?.rest
  if (!route) return undefined
  const fault = (text: string): Error => new Error(`${name} cannot be offered over REST: ${text}`)
  if ((route.answer === 'events') !== (type === 'subscription'))
    throw fault(`a ${type} does not answer with ${route.answer}`)
  if ((route.method === 'GET') === (type === 'mutation')) throw fault(`${route.method} does not fit a ${type}`)
  if (inputs.length > 1) throw fault('it has more than one input')
  if (!output && type !== 'subscription') throw fault('it has no output schema')
  const input = inputs[0] ? jsonSchemaOf(inputs[0], 'input') : {}
  const shape = resolve(input, input)
  const fields = Object.entries(shape.properties ?? {}).map(([name, schema]) =>
    fieldOf(route, { name, schema: schema as JsonSchema, required: shape.required?.includes(name) ?? false }),
  )
  const inPaths = [route.path, route.alias ?? ''].flatMap((path) => path.match(/(?<=\{)\w+/g) ?? [])
  for (const parameter of [...inPaths, ...Object.keys(route.params ?? {})]) {
    const named = route.params?.[parameter]
    if (!fields.some(({ name }) => name === named)) throw fault(`{${parameter}} is not a field of its input`)
  }
  if (output) jsonSchemaOf(output, 'output')
  return { route, procedure: name, type, input, fields, answer: answerOf(route), hasEtag: meta.ready === true }
}

/** Each field has one place, so that nothing overrides the path; only `query` of the route adds a second one. */
function fieldOf(route: RestRoute, field: Pick<Field, 'name' | 'schema' | 'required'>): Field {
  const parameter = Object.entries(route.params ?? {}).find(([, name]) => name === field.name)?.[0]
  if (parameter !== undefined) {
    const place = route.path.includes(`{${parameter}}`) ? 'path' : 'query'
    return { ...field, wireName: parameter, places: [place] }
  }
  const header = headers[field.name]
  if (header !== undefined) return { ...field, wireName: header, places: ['header'] }
  const wireName = toSnake(field.name)
  if (route.method === 'GET') return { ...field, wireName, places: ['query'] }
  return { ...field, wireName, places: route.query?.includes(field.name) ? ['body', 'query'] : ['body'] }
}

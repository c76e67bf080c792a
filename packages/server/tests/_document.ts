import { expect } from 'vitest'
import { z } from 'zod'
import { openApi } from '@stockroom/server/http'
import type { Answer } from './_http.ts'

export interface Schema {
  $ref?: string
  type?: string | string[]
  const?: unknown
  properties?: Record<string, Schema>
  additionalProperties?: boolean
  required?: string[]
  items?: Schema
  oneOf?: Schema[]
  anyOf?: Schema[]
  examples?: unknown[]
}

interface Content {
  content: Record<string, { schema: Schema }>
}

export interface DocumentedOperation {
  operationId: string
  summary: string
  parameters?: {
    name: string
    in: 'path' | 'query' | 'header'
    description?: string
    required: boolean
    schema: Schema
  }[]
  requestBody?: Content & { required: boolean }
  responses: Record<string, Partial<Content> & { description: string; headers?: object; links?: object }>
}

export interface OpenApiDocument {
  openapi: string
  info: { title: string; version: string }
  paths: Record<string, Record<string, DocumentedOperation>>
  components: { schemas: Record<string, Schema> }
}

export const document = openApi() as OpenApiDocument

/** Every operation of the document, with its path and method. */
export const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
)

/** Follows a reference into the document's components. */
export function resolved(schema: Schema): Schema {
  const name = schema.$ref?.replace('#/components/schemas/', '')
  if (name === undefined) return schema
  const found = document.components.schemas[name]
  if (!found) throw new Error(`the document has no schema ${name}`)
  return found
}

/** The codes that an operation documents under a status. */
export function documentedCodes({ responses }: DocumentedOperation, status: number): unknown[] {
  const schema = responses[status]?.content?.['application/problem+json']?.schema
  return [schema?.oneOf ?? schema ?? []].flat().map((each) => resolved(each).properties?.code?.const)
}

const validators = new Map<Schema, z.ZodType>()

/** What a schema of the document says, made strict: an answer may not hold what nobody wrote down either. */
export function validatorOf(schema: Schema): z.ZodType {
  const known = validators.get(schema)
  if (known) return known
  const whole = JSON.stringify({ ...schema, $defs: document.components.schemas }, (_key, value: unknown) => {
    const isObject = typeof value === 'object' && value !== null && 'properties' in value && 'type' in value
    return isObject ? { additionalProperties: false, ...value } : value
  })
  const json = JSON.parse(whole.replaceAll('#/components/schemas/', '#/$defs/')) as Parameters<
    typeof z.fromJSONSchema
  >[0]
  const validator = z.fromJSONSchema(json)
  validators.set(schema, validator)
  return validator
}

/** The operation that a request meets; undefined for a path or method that there is not. */
export function operationFor(method: string, path: string): DocumentedOperation | undefined {
  const plain = path.split('?', 1)[0]!.replace(/(?<=.)\/$/, '')
  const found = operations.find(
    (each) => each.method === method && new RegExp(`^${each.path.replace(/\{\w+\}/g, '[^/]+')}$`).test(plain),
  )
  return found?.operation
}

/** The document promises this answer: its status, its content type, and all of its body. */
export function expectDocumented(operation: DocumentedOperation, { status, headers, body }: Answer): void {
  const response = operation.responses[status]
  expect(response, `${operation.operationId} documents ${status}`).toBeDefined()
  const type = headers.get('content-type')!.split(';', 1)[0]!
  const { content = {} } = response!
  expect(Object.keys(content)).toContain(type)
  const checked = validatorOf(content[type]!.schema).safeParse(body)
  expect(checked.error?.issues, `${operation.operationId} ${status}: ${JSON.stringify(body)}`).toBeUndefined()
}

import { z } from 'zod'

/** The part of JSON Schema 2020-12 that our contracts use. */
export interface JsonSchema {
  type?: string
  format?: string
  description?: string
  examples?: unknown[]
  enum?: unknown[]
  const?: unknown
  properties?: Record<string, JsonSchema | boolean>
  required?: string[]
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  anyOf?: JsonSchema[]
  oneOf?: JsonSchema[]
  not?: JsonSchema
  $ref?: string
  $defs?: Record<string, JsonSchema>
  $schema?: string
}

const notJson = new Set(['bigint', 'map', 'set', 'symbol', 'custom', 'function', 'file', 'nan', 'undefined', 'void'])

/** A contract's JSON Schema. Throws on a type that JSON cannot carry; dates travel as ISO 8601. */
export function jsonSchemaOf(schema: z.ZodType, io: 'input' | 'output'): JsonSchema {
  const { $schema: _, ...json } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      const { type } = zodSchema._zod.def
      if (notJson.has(type)) throw new Error(`JSON cannot carry a ${type}`)
      if (type === 'date') Object.assign(jsonSchema, { type: 'string', format: 'date-time' })
      // A client that was built against this document must bear the fields that come later.
      if (io === 'output') delete jsonSchema.additionalProperties
    },
  })
  return json as JsonSchema
}

/** Follows `$ref` into the schema's own definitions. */
export function resolve(schema: JsonSchema, root: JsonSchema): JsonSchema {
  const name = schema.$ref?.replace('#/$defs/', '')
  if (name === undefined) return schema
  const definition = root.$defs?.[name]
  if (!definition) throw new Error(`no definition of ${name}`)
  return definition
}

import { STATUS_CODES } from 'node:http'
import type { ErrorCode } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import type { JsonSchema } from './json-schema.ts'
import { jsonSchemaOf } from './json-schema.ts'
import { schemaOnWire } from './wire-names.ts'

export interface Components {
  /** Adds the definitions a schema refers to, and gives the schema as it stands in the document. */
  add(schema: JsonSchema, root?: JsonSchema): JsonSchema
  /** A reference to the problem that an error of this code is. */
  problem(code: ErrorCode): JsonSchema
  all(): object
}

/** The schemas that a document's parts share, under the names that their contracts give them. */
export function componentsOf(): Components {
  const schemas: Record<string, JsonSchema> = {}

  function add(schema: JsonSchema, root: JsonSchema = schema): JsonSchema {
    const names = new Map<string, string>()
    const definitions = definitionsOf(schema, root)
    for (const [name, definition] of definitions) {
      const clash = name in schemas && !same(schemas[name]!, referring(definition, new Map()))
      names.set(name, clash ? `${name}Input` : name)
    }
    for (const [name, definition] of definitions) {
      schemas[names.get(name)!] = referring(definition, names)
    }
    const { $defs: _, ...rest } = schema
    return referring(rest, names)
  }

  return {
    add,
    problem(code) {
      const name = `${code.toLowerCase().replace(/(?:^|_)([a-z])/g, (_match, letter: string) => letter.toUpperCase())}Problem`
      schemas[name] ??= problemSchema(code)
      return { $ref: `#/components/schemas/${name}` }
    },
    all: () => ({ schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))) }),
  }

  function problemSchema(code: ErrorCode): JsonSchema {
    const { status, text, next, details } = errors[code]
    const detailSchema = add(jsonSchemaOf(details, 'output'))
    const { issues } = detailSchema.properties ?? {}
    const hasDetails = Object.keys(detailSchema.properties ?? {}).length > 0
    const extra: Record<string, JsonSchema | boolean> = issues
      ? { errors: issues }
      : hasDetails
        ? { details: detailSchema }
        : {}
    return {
      type: 'object',
      properties: {
        type: { const: 'about:blank' },
        title: { type: 'string', examples: [STATUS_CODES[status]] },
        status: { const: status },
        // Programs go by the code: these words may be put better one day.
        detail: { type: 'string', examples: [text] },
        code: { const: code },
        next_step: { type: 'string', examples: [next] },
        request_id: { type: 'string' },
        ...extra,
      },
      required: ['type', 'title', 'status', 'detail', 'code', 'next_step', 'request_id', ...Object.keys(extra)],
    }
  }
}

/** The definitions that a schema refers to, directly or through others. */
function definitionsOf(schema: JsonSchema, root: JsonSchema): Map<string, JsonSchema> {
  const found = new Map<string, JsonSchema>()
  const { $defs: _, ...own } = schema
  collect(own)
  return found

  function collect(part: JsonSchema): void {
    for (const [, name = ''] of JSON.stringify(part).matchAll(/"#\/\$defs\/(\w+)"/g)) {
      const definition = root.$defs?.[name]
      if (!definition || found.has(name)) continue
      found.set(name, definition)
      collect(definition)
    }
  }
}

const same = (a: JsonSchema, b: JsonSchema): boolean => JSON.stringify(a) === JSON.stringify(b)

/** The schema in the names of the wire, its references pointed to the document's components. */
function referring(schema: JsonSchema, names: ReadonlyMap<string, string>): JsonSchema {
  const text = JSON.stringify(schemaOnWire(schema))
  return JSON.parse(
    text.replace(/"#\/\$defs\/(\w+)"/g, (_match, name: string) => `"#/components/schemas/${names.get(name) ?? name}"`),
  ) as JsonSchema
}

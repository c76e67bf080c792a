import type { Issue } from '@stockroom/contracts'
import { MAX_ISSUES } from '../domain/errors.ts'
import { isoText } from '../iso-text.ts'
import type { JsonSchema } from './json-schema.ts'
import { resolve } from './json-schema.ts'

/**
 * REST is the contract in snake_case. The names are changed by walking the declared schema, never the data: a key
 * that no schema declares is not a field, whatever its spelling.
 */

export const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

type Encode = (value: unknown) => unknown

/** Values of this schema, as the wire names their fields. Undeclared fields are left out. */
export function encoder(schema: JsonSchema, root: JsonSchema = schema): Encode {
  const { properties, items, anyOf } = resolve(schema, root)
  if (properties) {
    const fields = Object.entries(properties).map(([name, field]) => ({
      name,
      wireName: toSnake(name),
      encode: typeof field === 'boolean' ? undefined : encoder(field, root),
    }))
    return (value) => {
      const encoded: Record<string, unknown> = {}
      for (const { name, wireName, encode } of fields) {
        const field = (value as Record<string, unknown>)[name]
        if (field !== undefined && encode) encoded[wireName] = encode(field)
      }
      return encoded
    }
  }
  if (items) {
    const encodeItem = encoder(items, root)
    return (value) => (value as unknown[]).map(encodeItem)
  }
  const some = anyOf?.filter((option) => option.type !== 'null') ?? []
  if (some.length === 1) {
    const encodeSome = encoder(some[0]!, root)
    return (value) => (value === null ? null : encodeSome(value))
  }
  // JSON.stringify would do the same, and take twice as long over each.
  return (value) => (value instanceof Date ? isoText(value) : value)
}

type Loc = Issue['loc']
type Decode = (value: unknown, loc: Loc, unknown: Issue[]) => unknown

/**
 * Values from the wire, as the contract names their fields. Fields that the schema does not declare are reported;
 * all else (types, bounds, what is missing) is left to the contract's own validation.
 */
export function decoder(schema: JsonSchema, root: JsonSchema = schema): Decode {
  const { properties, items } = resolve(schema, root)
  if (properties) {
    const fields = new Map(
      Object.entries(properties).map(([name, field]) => [
        toSnake(name),
        { name, decode: typeof field === 'boolean' ? undefined : decoder(field, root) },
      ]),
    )
    return (value, loc, unknown) => {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
      const decoded: Record<string, unknown> = {}
      for (const [wireName, field] of Object.entries(value)) {
        const known = fields.get(wireName)
        if (known?.decode) decoded[known.name] = known.decode(field, [...loc, wireName], unknown)
        else if (unknown.length < MAX_ISSUES)
          unknown.push({ loc: [...loc, wireName], msg: 'is not a field of this request' })
      }
      return decoded
    }
  }
  if (items) {
    const decodeItem = decoder(items, root)
    return (value, loc, unknown) =>
      Array.isArray(value) ? value.map((item, index) => decodeItem(item, [...loc, index], unknown)) : value
  }
  return (value) => value
}

/** A schema as the document shows it: the same walk over its own keys. */
export function schemaOnWire(schema: JsonSchema): JsonSchema {
  const onWire: JsonSchema = { ...schema }
  if (schema.properties) {
    onWire.properties = Object.fromEntries(
      Object.entries(schema.properties).map(([name, field]) => [
        toSnake(name),
        typeof field === 'boolean' ? field : schemaOnWire(field),
      ]),
    )
  }
  if (schema.required) onWire.required = schema.required.map(toSnake)
  if (schema.items) onWire.items = schemaOnWire(schema.items)
  if (schema.anyOf) onWire.anyOf = schema.anyOf.map(schemaOnWire)
  if (schema.oneOf) onWire.oneOf = schema.oneOf.map(schemaOnWire)
  if (schema.not) onWire.not = schemaOnWire(schema.not)
  if (schema.$defs) onWire.$defs = mapValues(schema.$defs, schemaOnWire)
  return onWire
}

function mapValues<From, To>(record: Record<string, From>, change: (value: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

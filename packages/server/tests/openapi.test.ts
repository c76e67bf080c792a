import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '@stockroom/contracts'
import { errors } from '@stockroom/contracts'
import { appRouter } from '@stockroom/server'
import type { Schema } from './_document.ts'
import { document, documentedCodes, expectDocumented, operations, resolved, validatorOf } from './_document.ts'
import type { Json } from './_http.ts'
import { openDoors, send } from './_http.ts'
import type { Meta } from '../src/trpc.ts'

/** Every schema in a part of the document, with where it stands. */
function schemasIn(part: unknown, at = '#'): { at: string; schema: Schema }[] {
  if (typeof part !== 'object' || part === null) return []
  const inner = Object.entries(part).flatMap(([key, value]) => schemasIn(value, `${at}/${key}`))
  const isSchema = ['type', '$ref', 'oneOf', 'anyOf', 'enum', 'const'].some((key) => key in part)
  return isSchema && !at.endsWith('/properties') ? [{ at, schema: part }, ...inner] : inner
}

/** A value put together from the examples that a schema gives. */
function exampleOf(schema: Schema): unknown {
  const { examples, properties, required, items, ...rest } = resolved(schema)
  if (examples) return examples[0]
  if (items) return [exampleOf(items)]
  if (!properties) throw new Error(`no example of ${JSON.stringify(rest)}`)
  return Object.fromEntries((required ?? []).map((name) => [name, exampleOf(properties[name]!)]))
}

describe('the document', () => {
  test('is OpenAPI 3.1 and describes these operations', () => {
    expect(document.openapi).toMatch(/^3\.1\./)
    expect(
      operations.map(({ method, path, operation }) => `${method} ${path}: ${operation.operationId}`).toSorted(),
    ).toEqual([
      'GET /orders/{order_id}/events: orders.watch',
      'GET /orders/{order_id}: orders.byId',
      'GET /orders: orders.list',
      'GET /products/events: products.watch',
      'GET /products/{product_id}: products.byId',
      'GET /products: products.list',
      'POST /orders/{order_id}/cancel: orders.cancel',
      'POST /orders/{order_id}/fulfil: orders.fulfil',
      'POST /orders/{order_id}/pay: orders.pay',
      'POST /orders/{order_id}/refund: orders.refund',
      'POST /orders: orders.create',
      'POST /products/{product_id}/adjust: products.adjustQuantity',
      'POST /products: products.create',
      'PUT /products/{product_id}/quantity: products.setQuantity.query',
      'PUT /products/{product_id}: products.setQuantity',
    ])
  })

  test('leads every reference to a schema that is there', () => {
    const references = schemasIn(document).flatMap(({ schema }) => schema.$ref ?? [])
    expect(references.length).toBeGreaterThan(20)
    for (const reference of references) expect(resolved({ $ref: reference }), reference).toBeDefined()
    const used = new Set(references.map((reference) => reference.replace('#/components/schemas/', '')))
    expect(Object.keys(document.components.schemas).filter((name) => !used.has(name))).toEqual([])
  })

  test('says of every parameter what it does', () => {
    const silent = operations.flatMap(({ operation }) =>
      (operation.parameters ?? []).flatMap(({ name, description }) =>
        description ? [] : `${operation.operationId} ${name}`,
      ),
    )
    expect(silent).toEqual([])
  })

  test('names fields and parameters in snake_case', () => {
    const fields = schemasIn(document).flatMap(({ schema }) => Object.keys(schema.properties ?? {}))
    const parameters = operations.flatMap(({ operation }) =>
      (operation.parameters ?? []).flatMap((parameter) => (parameter.in === 'header' ? [] : parameter.name)),
    )
    expect([...fields, ...parameters].filter((name) => !/^[a-z]+(_[a-z]+)*$/.test(name))).toEqual([])
  })

  test('says that requests are strict and that answers may grow', () => {
    for (const { operation } of operations) {
      const body = operation.requestBody?.content['application/json']?.schema
      if (body) expect(resolved(body).additionalProperties, operation.operationId).toBe(false)
      for (const { content = {} } of Object.values(operation.responses)) {
        for (const { schema } of Object.values(content)) expect(resolved(schema).additionalProperties).toBeUndefined()
      }
    }
  })
})

describe.for(operations)('$method $path', ({ path, method, operation }) => {
  test('declares each parameter of its path, and says what it does', () => {
    const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path')
    expect(declared.map(({ name }) => `{${name}}`)).toEqual(path.match(/\{\w+\}/g) ?? [])
    expect(declared.every(({ required }) => required)).toBe(true)
    expect(operation.summary).toMatch(/^[A-Z]/)
  })

  test('documents the errors of its procedure and those that any request may meet', () => {
    const procedure = operation.operationId.replace(/\.query$/, '')
    const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { meta: Meta } }>
    const { rest } = procedures[procedure]!._def.meta
    const expected: ErrorCode[] = [...rest!.errors, 'VALIDATION', 'INTERNAL', 'BUSY']
    if (method !== 'GET') expected.push('OUTCOME_UNKNOWN')
    if (operation.requestBody)
      expected.push('MALFORMED_JSON', 'BODY_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'MALFORMED_REQUEST')
    for (const code of expected) expect(documentedCodes(operation, errors[code].status), code).toContain(code)
  })

  test('says of each error what it will be', () => {
    const failures = Object.entries(operation.responses).filter(([status]) => Number(status) >= 400)
    expect(failures.length).toBeGreaterThan(2)
    for (const [status, { content, description, headers }] of failures) {
      expect(Object.keys(content!)).toEqual(['application/problem+json'])
      const codes = documentedCodes(operation, Number(status)) as ErrorCode[]
      expect(codes.length).toBeGreaterThan(0)
      for (const code of codes) {
        expect(errors[code].status).toBe(Number(status))
        expect(description).toContain(`${code}: ${errors[code].text}`)
      }
      if (status === '503') expect(headers).toHaveProperty('Retry-After')
    }
  })

  test('says what a success holds', () => {
    const successes = Object.entries(operation.responses).filter(([status]) => Number(status) < 300)
    expect(successes).toHaveLength(1)
    const [status, { content, headers, links }] = successes[0]!
    expect(status).toBe(/^POST \/(orders|products)$/.test(`${method} ${path}`) ? '201' : '200')
    expect(Object.keys(content!)).toEqual([path.endsWith('/events') ? 'text/event-stream' : 'application/json'])
    if (status !== '201') return
    expect(headers).toHaveProperty('Location')
    const targets = Object.values(links as Record<string, { operationId: string }>).map(
      ({ operationId }) => operationId,
    )
    const ids = operations.map((each) => each.operation.operationId)
    expect(targets.every((target) => ids.includes(target))).toBe(true)
  })

  test('says where an ETag saves an answer', () => {
    const isKept = operation.operationId === 'products.list' || operation.operationId === 'products.byId'
    expect(operation.parameters?.some(({ name }) => name === 'If-None-Match') ?? false).toBe(isKept)
    expect('304' in operation.responses).toBe(isKept)
    for (const status of isKept ? ['200', '304'] : []) {
      expect(operation.responses[status]!.headers).toHaveProperty('ETag')
    }
  })
})

const bodyOf = (id: string) => {
  const { operation } = operations.find((each) => each.operation.operationId === id)!
  return { operation, schema: operation.requestBody!.content['application/json']!.schema }
}

describe('examples', () => {
  const given = schemasIn(document).filter(({ schema }) => schema.examples)

  test('there are some', () => expect(given.length).toBeGreaterThan(20))

  test('are valid by the schema they stand in', () => {
    for (const { at, schema } of given) {
      const { examples, ...rest } = schema
      for (const example of examples!) expect(validatorOf(rest).safeParse(example).error?.issues, at).toBeUndefined()
    }
  })

  test('put together, are requests that the shop serves', async () => {
    await using doors = await openDoors()
    const creation = bodyOf('products.create')
    const created = await send(`${doors.url}/products`, { method: 'POST', json: exampleOf(creation.schema) })
    expect(created.status).toBe(201)
    expectDocumented(creation.operation, created)

    const change = bodyOf('products.setQuantity')
    const path = created.headers.get('location')
    const changed = await send(`${doors.url}${path}`, { method: 'PUT', json: exampleOf(change.schema) })
    expect(changed.status).toBe(200)

    const placing = bodyOf('orders.create')
    const whole = resolved(placing.schema)
    expect(whole.oneOf).toHaveLength(2)
    for (const { required = [] } of whole.oneOf!) {
      const example = exampleOf({ ...whole, required: [...whole.required!, ...required] }) as Json
      expect(Object.keys(example).toSorted()).toEqual([...whole.required!, ...required].toSorted())
      const missing = await send(`${doors.url}/orders`, { method: 'POST', json: example })
      expect(missing.body.code).toBe('PRODUCT_NOT_FOUND')
      expectDocumented(placing.operation, missing)
      const json = JSON.stringify(example).replace('6650f0a2c3d4e5f601234567', String(created.body.product_id))
      const placed = await send(`${doors.url}/orders`, { method: 'POST', json })
      expect(placed.status).toBe(201)
      expectDocumented(placing.operation, placed)
    }
  })
})

/** The two forms of an order forbid each other's fields, which the checker has to be told in its own words. */
function accepts(reference: Schema, json: Json): boolean {
  const { oneOf = [], ...plain } = resolved(reference)
  const fits = oneOf.filter(({ required = [], properties = {} }) => {
    const forbidden = Object.keys(properties).filter((name) => (properties[name] as unknown) === false)
    return required.every((name) => name in json) && forbidden.every((name) => !(name in json))
  })
  return fits.length === 1 && validatorOf(plain).safeParse(json).success
}

describe('what the document says of an order is what the shop does', () => {
  const { schema } = operations.find(({ operation }) => operation.operationId === 'orders.create')!.operation
    .requestBody!.content['application/json']!
  const id = 'f'.repeat(24)

  test.for<[string, Json]>([
    ['the short form', { user_id: 'ada', product_id: id, quantity: 1 }],
    ['lines', { user_id: 'ada', lines: [{ product_id: id, quantity: 1 }] }],
    ['both', { user_id: 'ada', product_id: id, quantity: 1, lines: [{ product_id: id, quantity: 1 }] }],
    ['half of the short form', { user_id: 'ada', product_id: id }],
    ['neither', { user_id: 'ada' }],
    ['no lines', { user_id: 'ada', lines: [] }],
    ['an unknown field', { user_id: 'ada', product_id: id, quantity: 1, note: 'x' }],
    ['NUL in the user', { user_id: '\u0000', product_id: id, quantity: 1 }],
    ['too much', { user_id: 'ada', product_id: id, quantity: 1_000_001 }],
  ])('%s', async ([, json]) => {
    await using doors = await openDoors()
    const answer = await send(`${doors.url}/orders`, { method: 'POST', json })
    const isValid = accepts(schema, json)
    expect(answer.body.code).toBe(isValid ? 'PRODUCT_NOT_FOUND' : 'VALIDATION')
  })
})

import { randomUUID } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { deserialize, serialize } from 'superjson'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ErrorCode, Order, Product } from '@stockroom/contracts'
import type { TestShop } from '@stockroom/server/testing'
import type { Answer, Doors, Json } from './_http.ts'
import { expectNothingInside, expectProblem, expectRpcError, openDoors, send } from './_http.ts'
import { aProduct } from './_shop.ts'

const MIB = 1024 * 1024
const UNKNOWN_ID = 'f'.repeat(24)

let doors: Doors
beforeAll(async () => {
  doors = await openDoors()
})
afterAll(() => doors[Symbol.asyncDispose]())

interface Result {
  result: { data: Parameters<typeof deserialize>[0] }
}

/** Calls a procedure as the typed client does: queries by GET, mutations by POST, both through  */
function call(procedure: string, input?: unknown, { url } = doors): Promise<Answer> {
  const isQuery = /\.(list|byId)$/.test(procedure)
  const json = input === undefined ? '' : JSON.stringify(serialize(input))
  if (!isQuery) return send(`${url}/trpc/${procedure}`, { method: 'POST', json })
  return send(`${url}/trpc/${procedure}${json && `?input=${encodeURIComponent(json)}`}`)
}

/** What a call answers with, its dates revived. */
async function resultOf<Output>(answering: Promise<Answer>): Promise<Output> {
  const answer = await answering
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('application/json')
  return deserialize((answer.body as unknown as Result).result.data)
}

const newProduct = (fields: Parameters<typeof aProduct>[0] = {}) => doors.test.caller.products.create(aProduct(fields))

describe('results', () => {
  test('travel in the envelope of tRPC; the times are ISO 8601 and become dates again', async () => {
    const product = await newProduct()
    const { body } = await call('products.byId', { id: product.id })
    expect(body).toEqual({
      result: {
        data: {
          json: { ...product, createdAt: product.createdAt.toISOString(), updatedAt: product.updatedAt.toISOString() },
          meta: expect.objectContaining({ values: { createdAt: ['Date'], updatedAt: ['Date'] } }),
        },
      },
    })
    expect(await resultOf(call('products.byId', { id: product.id }))).toEqual(product)
  })

  test('every procedure answers with what the shop holds then', async () => {
    await using doors = await openDoors()
    const ask = <Output>(procedure: string, input?: unknown) => resultOf<Output>(call(procedure, input, doors))
    expect(await ask('products.list')).toEqual({ items: [], nextCursor: null })
    expect(await ask('orders.list')).toEqual({ items: [], nextCursor: null })

    const created = await ask<Product>('products.create', aProduct({ quantity: 5 }))
    expect(created.createdAt).toBeInstanceOf(Date)
    const set = await ask<Product>('products.setQuantity', { id: created.id, quantity: 9 })
    expect(set).toEqual({ ...created, quantity: 9, revision: 2, updatedAt: set.updatedAt })
    const order = await ask<Order>('orders.create', { userId: 'ada', productId: created.id, quantity: 2 })
    expect(order).toMatchObject({
      userId: 'ada',
      lines: [{ productId: created.id, quantity: 2 }],
      createdAt: expect.any(Date),
    })
    expect(order).not.toHaveProperty('timestamp')
    expect(await ask('orders.byId', { id: order.id })).toEqual(order)
    expect(await ask('orders.list', {})).toEqual({ items: [order], nextCursor: null })
    expect(await ask('products.list', { limit: 1 })).toMatchObject({
      items: [{ id: created.id, quantity: 7 }],
      nextCursor: null,
    })
  })

  test('pages follow each other by their cursor', async () => {
    await using doors = await openDoors()
    const { results } = await doors.test.caller.products.upsertMany({
      rows: Array.from({ length: 5 }, () => aProduct()),
    })
    const found: string[] = []
    for (let cursor: string | null | undefined; cursor !== null;) {
      const page = await resultOf<{ items: Product[]; nextCursor: string | null }>(
        call('products.list', { limit: 2, cursor }, doors),
      )
      found.push(...page.items.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(found).toEqual(results.map(({ id }) => id))
  })
})

describe('errors', () => {
  interface Refused {
    code: ErrorCode
    status: number
    details: unknown
    answer: Promise<Answer>
  }

  const cases: Record<string, () => Promise<Refused> | Refused> = {
    'an input that is not valid': () => ({
      code: 'VALIDATION',
      status: 400,
      details: {
        issues: [
          { loc: ['userId'], msg: expect.any(String) },
          { loc: ['lines', 0, 'quantity'], msg: expect.any(String) },
          { loc: ['user_id'], msg: 'is not a field of this request' },
        ],
      },
      answer: call('orders.create', { user_id: 'ada', lines: [{ productId: UNKNOWN_ID, quantity: 0 }] }),
    }),
    'a cursor that is none': () => ({
      code: 'INVALID_CURSOR',
      status: 400,
      details: {},
      answer: call('orders.list', { cursor: 'zzz' }),
    }),
    'a product that is not there': () => ({
      code: 'PRODUCT_NOT_FOUND',
      status: 404,
      details: { productIds: [UNKNOWN_ID] },
      answer: call('products.byId', { id: UNKNOWN_ID }),
    }),
    'an id that cannot be one': () => ({
      code: 'ORDER_NOT_FOUND',
      status: 404,
      details: { orderId: 'nope' },
      answer: call('orders.byId', { id: 'nope' }),
    }),
    'a SKU that is taken': async () => {
      const { id, sku } = await newProduct()
      return {
        code: 'SKU_TAKEN',
        status: 409,
        details: { sku, productId: id },
        answer: call('products.create', aProduct({ sku })),
      }
    },
    'a shortage': async () => {
      const { id, sku } = await newProduct({ quantity: 1 })
      const answer = call('orders.create', { userId: 'ada', productId: id, quantity: 2 })
      return {
        code: 'OUT_OF_STOCK',
        status: 400,
        details: { products: [{ productId: id, sku, requested: 2, available: 1 }] },
        answer,
      }
    },
    'two currencies': async () => {
      const products = [await newProduct(), await newProduct({ price: { amount: 5, currency: 'JPY' } })]
      const lines = products.map(({ id }) => ({ productId: id, quantity: 1 }))
      const answer = call('orders.create', { userId: 'ada', lines })
      return { code: 'CURRENCY_MISMATCH', status: 422, details: { currencies: ['EUR', 'JPY'] }, answer }
    },
    'a total that is not exact': async () => {
      const { id } = await newProduct({ price: { amount: Number.MAX_SAFE_INTEGER, currency: 'EUR' } })
      const answer = call('orders.create', { userId: 'ada', productId: id, quantity: 2 })
      return { code: 'AMOUNT_OUT_OF_RANGE', status: 422, details: {}, answer }
    },
    'a procedure that is not there': () => ({
      code: 'ROUTE_NOT_FOUND',
      status: 404,
      details: {},
      answer: call('orders.nope'),
    }),
    'GET of a mutation': () => ({
      code: 'METHOD_NOT_ALLOWED',
      status: 405,
      details: {},
      answer: send(`${doors.url}/trpc/orders.create`),
    }),
    'a body that is no JSON': () => ({
      code: 'UNSUPPORTED_MEDIA_TYPE',
      status: 415,
      details: {},
      answer: send(`${doors.url}/trpc/orders.create`, { method: 'POST', body: 'userId=ada' }),
    }),
    'a body over 1 MiB': () => ({
      code: 'BODY_TOO_LARGE',
      status: 413,
      details: {},
      answer: send(`${doors.url}/trpc/orders.create`, { method: 'POST', json: '{}'.padEnd(MIB + 1) }),
    }),
    'eleven calls in a batch': () => ({
      code: 'MALFORMED_REQUEST',
      status: 400,
      details: {},
      answer: send(`${doors.url}/trpc/${Array.from({ length: 11 }, () => 'orders.list').join(',')}?batch=1`),
    }),
  }

  test.for(Object.keys(cases))(
    '%s: the code with its details stands in data.shop, the status is that of the code',
    async (name) => {
      const { code, status, details, answer } = await cases[name]!()
      expectRpcError(await answer, code, details)
      expect((await answer).status).toBe(status)
    },
  )

  test('JSON that is broken is a 400, in the body as in the query', async () => {
    for (const answer of [
      await send(`${doors.url}/trpc/orders.create`, { method: 'POST', json: '{"json":' }),
      await send(`${doors.url}/trpc/orders.list?input=%7B`),
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { error: { json: { data: { httpStatus: 400 } } } } })
      expectNothingInside(answer.text)
    }
  })

  test('say that they are replayed, where they are of one call', async () => {
    await using doors = await openDoors()
    const { id: productId } = await doors.test.caller.products.create(aProduct())
    const place = (n: number) => ({ json: { userId: 'ada', productId, quantity: 1, idempotencyKey: `click-000${n}` } })
    const replayed = async (path: string, json: object) =>
      (await send(`${doors.url}/trpc/${path}`, { method: 'POST', json })).headers.get('idempotency-replayed')
    expect(await replayed('orders.create', place(1))).toBe(null)
    expect(await replayed('orders.create', place(1))).toBe('true')
    expect(await replayed('orders.create?batch=1', { 0: place(1) })).toBe('true')
    // One header cannot speak for several calls.
    const both = { 0: place(1), 1: place(2) }
    expect(await replayed('orders.create,orders.create?batch=1', both)).toBe(null)
    expect(await replayed('orders.create,orders.create?batch=1', both)).toBe(null)
  })

  test('of a shop that closes are 503 and say when to try again, on both doors', async () => {
    await using doors = await openDoors()
    const { id } = await doors.test.caller.products.create(aProduct())
    await doors.test.shop[Symbol.asyncDispose]()
    const rpc = await call('orders.create', { userId: 'ada', productId: id, quantity: 1 }, doors)
    expect(rpc.status).toBe(503)
    expectRpcError(rpc, 'BUSY')
    expect(rpc.headers.get('retry-after')).toBe('1')
    const rest = await send(`${doors.url}/orders`, {
      method: 'POST',
      json: { user_id: 'ada', product_id: id, quantity: 1 },
    })
    expectProblem(rest, 'BUSY')
    expect(rest.headers.get('retry-after')).toBe('1')
    expect(doors.faults).toEqual([])
  })
})

/** A product that no version of ours has written: its price has a currency that does not exist. */
async function insertBroken({ uri, database }: TestShop): Promise<string> {
  await using client = new MongoClient(uri)
  const { createdAt, ...fields } = { createdAt: new Date(), ...aProduct(), version: 1, revision: 1 }
  const broken = { ...fields, price: { amount: 1, currency: 'none' }, createdAt, updatedAt: createdAt }
  const { insertedId } = await client.db(database).collection('products').insertOne(broken)
  return insertedId.toHexString()
}

describe('what is our own fault', () => {
  test('is a 500 that says nothing of what is inside; onError hears it under the id that the caller was given', async () => {
    await using doors = await openDoors()
    const id = await insertBroken(doors.test)
    const [first, second, third] = [randomUUID(), randomUUID(), randomUUID()]
    const input = encodeURIComponent(JSON.stringify({ json: { id } }))

    const rpc = await send(`${doors.url}/trpc/products.byId?input=${input}`, { headers: { 'x-request-id': first } })
    expect(rpc.status).toBe(500)
    expectRpcError(rpc, 'INTERNAL')
    const rest = await send(`${doors.url}/products/${id}`, { headers: { 'x-request-id': second } })
    expectProblem(rest, 'INTERNAL')
    const list = await send(`${doors.url}/products`, { headers: { 'x-request-id': third } })
    expectProblem(list, 'INTERNAL')

    for (const answer of [rpc, rest, list]) {
      expectNothingInside(answer.text)
      expect(answer.text).not.toMatch(/currency|output|validation/i)
    }
    expect(doors.faults.map(({ requestId }) => requestId)).toEqual([first, second, third])
    expect(doors.faults.map(({ error }) => String(error)).join()).toContain('currency')
  })

  test('in one call of a batch leaves the others their results', async () => {
    await using doors = await openDoors()
    const { id: sound } = await doors.test.caller.products.create(aProduct())
    const id = await insertBroken(doors.test)
    const input = encodeURIComponent(JSON.stringify({ 0: { json: { id } }, 1: { json: { id: sound } } }))
    const answer = await send(`${doors.url}/trpc/products.byId,products.byId?batch=1&input=${input}`)
    expect(answer.status).toBe(207)
    expect(answer.body).toMatchObject([
      {
        error: {
          json: {
            message: 'Internal Server Error',
            data: { httpStatus: 500, shop: { code: 'INTERNAL', details: {} } },
          },
        },
      },
      { result: { data: { json: { id: sound } } } },
    ])
    expectNothingInside(answer.text)
    expect(doors.faults).toHaveLength(1)
  })

  test('what a caller did wrong is no fault of ours', async () => {
    const { status } = await call('products.byId', { id: 'nope' })
    expect(status).toBe(404)
    expect(doors.faults).toEqual([])
  })
})

const order = async () => JSON.stringify({ json: { userId: 'ada', productId: (await newProduct()).id, quantity: 1 } })

describe('bodies', () => {
  test('of 1 MiB are taken, of one byte more are not', async () => {
    const [json, url] = [await order(), `${doors.url}/trpc/orders.create`]
    expect((await send(url, { method: 'POST', json: json.padEnd(MIB) })).status).toBe(200)
    expectRpcError(await send(url, { method: 'POST', json: json.padEnd(MIB + 1) }), 'BODY_TOO_LARGE')
  })

  test('of products.upsertMany may be 8 MiB, and no more', async () => {
    const json = JSON.stringify({ json: { rows: [aProduct()] } })
    for (const url of [`${doors.url}/trpc/products.upsertMany`, `${doors.url}/trpc/products.upsertMany?x=1`]) {
      expect((await send(url, { method: 'POST', json: json.padEnd(8 * MIB) })).status).toBe(200)
      expectRpcError(await send(url, { method: 'POST', json: json.padEnd(8 * MIB + 1) }), 'BODY_TOO_LARGE')
    }
  })

  test('of a batch are 1 MiB, whatever the calls are', async () => {
    const json = JSON.stringify({ 0: { json: { rows: [aProduct()] } } }).padEnd(MIB + 1)
    const answer = await send(`${doors.url}/trpc/products.upsertMany,orders.create?batch=1`, { method: 'POST', json })
    expect(answer.status).toBe(413)
  })
})

const upsert = (input: Json) =>
  resultOf<{ results: { sku: string; id: string; outcome: string }[] }>(call('products.upsertMany', input))

describe('products.upsertMany', () => {
  test('takes 1,000 rows and says of each what became of it', async () => {
    const rows = Array.from({ length: 1000 }, () => aProduct({ description: 'd'.repeat(4000) }))
    const { results } = await upsert({ rows })
    expect(results.map(({ sku }) => sku)).toEqual(rows.map(({ sku }) => sku))
    expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['created']))
    const again = await upsert({ rows })
    expect(again.results).toEqual(results.map((result) => ({ ...result, outcome: 'unchanged' })))
  })

  test('refuses 1,001 rows, and none at all', async () => {
    const rows = Array.from({ length: 1001 }, () => aProduct())
    const issues = [{ loc: ['rows'], msg: expect.any(String) }]
    expectRpcError(await call('products.upsertMany', { rows }), 'VALIDATION', { issues })
    expectRpcError(await call('products.upsertMany', { rows: [] }), 'VALIDATION', { issues })
  })

  test('is not offered over REST', async () => {
    const answer = await send(`${doors.url}/products/upsertMany`, { method: 'POST', json: { rows: [] } })
    expect(answer.status).toBe(405)
  })
})

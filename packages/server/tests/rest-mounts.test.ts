import { once } from 'node:events'
import { request } from 'node:http'
import { gzipSync } from 'node:zlib'
import type { AnyTRPCRouter } from '@trpc/server'
import { Product, ProductById } from '@stockroom/contracts'
import type { Shop } from '@stockroom/server'
import { appRouter } from '@stockroom/server'
import { createFront } from '@stockroom/server/http'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { expressApp } from '../src/http/express-app.ts'
import { leanRest } from '../src/http/rest-lean.ts'
import { operationsOf } from '../src/http/rest-operations.ts'
import { procedure, router } from '../src/trpc.ts'
import type { Received, Sent } from './_wire.ts'
import { listen } from './_wire.ts'
import { aProduct, testShop } from './_shop.ts'

type Mount = 'lean' | 'Express'
const both: readonly Mount[] = ['lean', 'Express']

interface Mounted extends AsyncDisposable {
  readonly port: number
  readonly send: (sent: Sent) => Promise<Received>
  /** What it was told of errors that are ours. */
  readonly errors: unknown[]
  /** How many requests the lean mount has passed on to Express. */
  readonly passedOn: () => number
}

async function open(mount: Mount, router: AnyTRPCRouter, shop: Shop): Promise<Mounted> {
  const errors: unknown[] = []
  let passedOn = 0
  const door = {
    router,
    operations: operationsOf(router),
    shop,
    onError: (error: unknown, requestId: string) => void errors.push([String(error), requestId]),
    headOf: () => [],
  }
  const express = expressApp(door)
  const lean = leanRest(door, (request, response) => {
    passedOn++
    express(request, response)
  })
  const server = await listen(mount === 'lean' ? lean : express)
  return {
    port: server.port,
    errors,
    passedOn: () => passedOn,
    send: (sent) => server.send({ ...sent, headers: ['x-request-id', 'r-1', ...(sent.headers ?? [])] }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

/** Each mount has a shop of its own, because the second of two equal requests is another one: ids and times differ. */
function comparable(received: Received): unknown {
  const ids = new Map<string, string>()
  const nameOf = (id: string): string => ids.get(id) ?? ids.set(id, `id-${ids.size}`).get(id)!
  const told = JSON.stringify({ ...received, counted: true })
  return JSON.parse(
    told
      .replace(/[0-9a-f]{24}/g, nameOf)
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'then')
      .replace(/(next_cursor\W+)\w+/g, '$1cursor'),
  )
}

interface Ids {
  readonly product: string
  readonly order: string
}

const cleanup = new AsyncDisposableStack()
const mounts = {} as Record<Mount, Mounted & Ids>
beforeAll(async () => {
  const product = aProduct({ quantity: 1000 })
  for (const mount of both) {
    const { shop, caller } = cleanup.use(await testShop())
    const { id } = await caller.products.create(product)
    const order = await caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
    mounts[mount] = { ...cleanup.use(await open(mount, appRouter, shop)), product: id, order: order.id }
  }
})
afterAll(() => cleanup.disposeAsync())

const JSON_TYPE = ['content-type', 'application/json']
const write = (method: string, path: string): ((body: unknown, headers?: readonly string[]) => Sent) => {
  return (body, headers = JSON_TYPE) => ({
    method,
    path,
    headers,
    body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  })
}
const place = write('POST', '/orders')
const one = ({ product }: Ids, more: object = {}): object => ({
  user_id: 'ada',
  product_id: product,
  quantity: 1,
  ...more,
})
const keyed = (key: string): string[] => [...JSON_TYPE, 'Idempotency-Key', key]
const sized = (bytes: number): string => `{"user_id":"${'x'.repeat(bytes - 14)}"}`
const MIB = 1024 * 1024

type Case = (ids: Ids) => Sent

const plain: Record<string, Case> = {
  'an order': (ids) => place(one(ids)),
  'an order of lines': ({ product }) => place({ user_id: 'ada', lines: [{ product_id: product, quantity: 2 }] }),
  'an order with a key': (ids) => place(one(ids), keyed('click-0001')),
  'the same order again': (ids) => place(one(ids), keyed('click-0001')),
  'another order with that key': (ids) => place(one(ids, { quantity: 2 }), keyed('click-0001')),
  'a key that is too short': (ids) => place(one(ids), keyed('click')),
  'two keys': (ids) => place(one(ids), [...keyed('click-0002'), 'idempotency-key', 'click-0003']),
  'a key in the body': (ids) => place(one(ids, { idempotency_key: 'click-0004' })),
  'an order of too much': (ids) => place(one(ids, { quantity: 100_000 })),
  'an order of nothing known': (ids) => place(one(ids, { product_id: '0123456789abcdef01234567' })),
  'both forms at once': (ids) => place(one(ids, { lines: [] })),
  'a field too many': (ids) => place(one(ids, { price: 1 })),
  'a field in camel case': (ids) => place(one(ids, { userId: 'ada' })),
  'fields of the wrong type': (ids) => place(one(ids, { user_id: 7, quantity: '1' })),
  'fields missing': () => place({}),
  'a parameter that nobody knows': (ids) => write('POST', '/orders?quantity=2')(one(ids)),
  'null for a body': () => place('null'),
  'a list for a body': () => place('[]'),
  'a number for a body': () => place('7'),
  'malformed JSON': () => place('{"user_id":'),
  'white space for JSON': () => place(' '),
  'deep nesting': () => place(`{"user_id":${'['.repeat(20_000)}${']'.repeat(20_000)}}`),
  __proto__: () => place('{"__proto__":{"polluted":true},"constructor":1}'),
  'fields given twice': ({ product }) => place(`{"user_id":"ada","product_id":"${product}","quantity":5,"quantity":1}`),
  'a byte order mark': (ids) => place(`\uFEFF${JSON.stringify(one(ids))}`),
  'bytes that are not UTF-8': (ids) =>
    place(Buffer.from(JSON.stringify(one(ids, { user_id: 'a\u00ff\u00c3(' })), 'latin1')),
  'names of all the world': (ids) => place(one(ids, { user_id: 'Zażółć 🦊' })),
  'a charset': (ids) => place(one(ids), ['content-type', 'application/json; charset=utf-8']),
  'a content type in capitals': (ids) => place(one(ids), ['Content-Type', 'Application/JSON;charset=UTF-8']),
  'two content types': (ids) => place(one(ids), [...JSON_TYPE, 'content-type', 'text/plain']),
  'a body as large as allowed': () => place(sized(MIB)),
  'a body announced with Expect': (ids) => place(one(ids), [...JSON_TYPE, 'expect', '100-continue']),
  'no body': () => ({ method: 'POST', path: '/orders' }),
  'no body, in so many words': () => ({ method: 'POST', path: '/orders', body: '' }),
  'a content type without a body': () => ({ method: 'POST', path: '/orders', headers: JSON_TYPE }),
  'a step without a body': ({ order }) => ({ method: 'POST', path: `/orders/${order}/pay` }),
  'a step with a reason': ({ order }) => write('POST', `/orders/${order}/cancel`)({ reason: 'a mistake' }),
  'a step that cannot be': ({ order }) => write('POST', `/orders/${order}/fulfil`)({}),
  'a step of no order': () => write('POST', '/orders/none/cancel')({}),
  'a quantity in the body': ({ product }) => write('PUT', `/products/${product}`)({ quantity: 500 }),
  'a quantity in the query': ({ product }) => ({ method: 'PUT', path: `/products/${product}?quantity=501` }),
  'a quantity in both': ({ product }) => write('PUT', `/products/${product}?quantity=1`)({ quantity: 2 }),
  'a quantity by the second path': ({ product }) => write('PUT', `/products/${product}/quantity`)({ quantity: 502 }),
  'another id in the body': ({ product }) => write('PUT', `/products/${product}`)({ id: 'other', quantity: 1 }),
  'a new product': () => write('POST', '/products')({ sku: 'A', name: 'a', price: { amount: 1, currency: 'EUR' } }),
  'a SKU that is taken': () =>
    write('POST', '/products')({ sku: 'A', name: 'a', price: { amount: 1, currency: 'EUR' }, quantity: 1 }),
  'the products': () => ({ path: '/products' }),
  'a product': ({ product }) => ({ path: `/products/${product}` }),
  'a product that is none': () => ({ path: '/products/none' }),
  'the orders': () => ({ path: '/orders?sort=newest&limit=3' }),
  'a limit that is no number': () => ({ path: '/orders?limit=abc' }),
  'a limit given twice': () => ({ path: '/orders?limit=1&limit=2' }),
  'encoded parameters': () => ({ path: '/orders?user%5Fid=a+d%61&limit=%31' }),
  'bad percent-encoding in a parameter': () => ({ path: '/orders?user_id=%zz' }),
  'a question mark alone': () => ({ path: '/orders?' }),
  'a cursor that is none': () => ({ path: '/orders?cursor=none' }),
  'a read that labels the body that it has not': () => ({ path: '/orders?limit=1', headers: JSON_TYPE }),
}

const unusual: Record<string, Case> = {
  'a slash at the end': (ids) => write('POST', '/orders/')(one(ids)),
  'two slashes': () => ({ path: '//orders' }),
  'a path in capitals': (ids) => write('POST', '/Orders')(one(ids)),
  'an encoded path': () => ({ path: '/%6frders?limit=1' }),
  'bad percent-encoding': () => ({ path: '/products/%zz' }),
  'an encoded slash in an id': () => ({ path: '/products/a%2Fb' }),
  'a fragment': () => ({ path: '/orders#?limit=1' }),
  'a path that nobody has': () => ({ path: '/nothing' }),
  'another method': () => ({ method: 'DELETE', path: '/orders' }),
  'another method with a body': (ids) => write('PATCH', '/orders')(one(ids)),
  'a question for options': () => ({ method: 'OPTIONS', path: '/orders' }),
  'the head alone': () => ({ method: 'HEAD', path: '/orders?limit=1' }),
  'a read with a body': () => ({ path: '/orders?limit=1', headers: JSON_TYPE, body: '{}' }),
  'the document': () => ({ path: '/openapi.json' }),
  'a compressed body': (ids) => place(gzipSync(JSON.stringify(one(ids))), [...JSON_TYPE, 'content-encoding', 'gzip']),
  'a body that only says it is compressed': (ids) => place(one(ids), [...JSON_TYPE, 'content-encoding', 'gzip']),
  'a compression that nobody knows': (ids) => place(one(ids), [...JSON_TYPE, 'content-encoding', 'zip']),
  'a small body that grows too large': () =>
    place(gzipSync(sized(2 * MIB)), [...JSON_TYPE, 'content-encoding', 'gzip']),
  'a body in pieces': (ids) => ({ ...place(one(ids)), chunked: true }),
  'a body in pieces that is malformed': () => ({ ...place('{'), chunked: true }),
  'a body in pieces, too large': () => ({ ...place(sized(MIB + 1)), chunked: true }),
  'a body too large': () => place(sized(MIB + 1)),
  'an empty body': () => place(''),
  'no content type': (ids) => place(one(ids), []),
  'text for a content type': (ids) => place(one(ids), ['content-type', 'text/plain']),
  'a form': () => place('user_id=ada', ['content-type', 'application/x-www-form-urlencoded']),
  'JSON of another kind': (ids) => place(one(ids), ['content-type', 'application/merge-patch+json']),
  'a content type that is none': (ids) => place(one(ids), ['content-type', 'json']),
  'a charset of old': (ids) => place(one(ids), ['content-type', 'application/json; charset=latin1']),
  'a wide charset': (ids) =>
    place(Buffer.from(JSON.stringify(one(ids)), 'utf16le'), ['content-type', 'application/json; charset=utf-16le']),
  'a quoted charset': (ids) => place(one(ids), ['content-type', 'application/json; charset="utf-8"']),
}

describe('the lean mount of REST', () => {
  test.each(Object.entries(plain))('answers as Express does: %s', async (_, sent) => {
    const before = mounts.lean.passedOn()
    const [answer, expected] = await Promise.all(both.map((mount) => mounts[mount].send(sent(mounts[mount]))))
    expect(mounts.lean.passedOn()).toBe(before)
    expect(comparable(answer!)).toEqual(comparable(expected!))
  })

  test.each(Object.entries(unusual))('leaves to Express: %s', async (_, sent) => {
    const before = mounts.lean.passedOn()
    const [answer, expected] = await Promise.all(both.map((mount) => mounts[mount].send(sent(mounts[mount]))))
    expect(mounts.lean.passedOn()).toBe(before + 1)
    expect(comparable(answer!)).toEqual(comparable(expected!))
  })

  test('has done the same to both shops', async () => {
    const [ours, expected] = await Promise.all(both.map((mount) => mounts[mount].send({ path: '/orders?limit=1000' })))
    expect(comparable(ours!)).toEqual(comparable(expected!))
    expect(both.map((mount) => mounts[mount].errors)).toEqual([[], []])
  })
})

const signals: AbortSignal[] = []
const ofTheTest = router({
  crash: procedure
    .meta({ rest: { method: 'POST', path: '/crash', summary: '', answer: 'one', resource: 'product', errors: [] } })
    .output(Product)
    .mutation(() => {
      throw new Error('mongodb://root:secret@db')
    }),
  waits: procedure
    .meta({
      rest: {
        method: 'POST',
        path: '/waits/{id}',
        params: { id: 'id' },
        summary: '',
        answer: 'one',
        resource: 'product',
        errors: [],
      },
    })
    .input(ProductById)
    .output(Product)
    .mutation(async ({ signal }) => {
      signals.push(signal!)
      await once(signal!, 'abort')
      throw new Error('nobody waits')
    }),
})

describe.each(both)('the mount of REST: %s', (mount) => {
  test('tells the operator of an error that is ours, and the caller only its id', async () => {
    await using mounted = await open(mount, ofTheTest, {} as Shop)
    const answer = await mounted.send({ method: 'POST', path: '/crash' })
    expect(answer).toMatchObject({
      status: 500,
      headers: { 'content-type': 'application/problem+json; charset=utf-8' },
    })
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'INTERNAL', request_id: 'r-1' })
    expect(answer.body).not.toContain('secret')
    expect(mounted.errors).toEqual([[expect.stringContaining('secret'), 'r-1']])
  })

  test('tells a procedure that its client has gone away', async () => {
    await using mounted = await open(mount, ofTheTest, {} as Shop)
    signals.length = 0
    const call = request({ port: mounted.port, method: 'POST', path: '/waits/a' })
    call.on('error', () => {}).end()
    await vi.waitFor(() => expect(signals).toHaveLength(1))
    call.destroy()
    await vi.waitFor(() => expect(signals[0]!.aborted).toBe(true))
  })

  test('goes on serving others when a body has no end', async () => {
    await using mounted = await open(mount, ofTheTest, {} as Shop)
    const headers = { 'content-type': 'application/json', 'content-length': 100 }
    const call = request({ port: mounted.port, method: 'POST', path: '/waits/a', headers })
    call.on('error', () => {}).write('{')
    await once(call, 'socket')
    call.destroy()
    expect(await mounted.send({ path: '/nothing' })).toMatchObject({ status: 404 })
  })
})

test('the front says the same, and with it what it says to all', async () => {
  const { shop } = cleanup.use(await testShop())
  await using front = await listen(createFront({ shop }))
  const sent = place({ user_id: 'ada' }, [...JSON_TYPE, 'x-request-id', 'r-1'])
  const [short, long] = await Promise.all([front.send(sent), front.send({ ...sent, path: '/orders/' })])
  expect(short).toEqual(long)
  expect(short).toMatchObject({
    status: 422,
    headers: { 'x-request-id': 'r-1', 'x-content-type-options': 'nosniff', 'x-frame-options': 'SAMEORIGIN' },
  })
})

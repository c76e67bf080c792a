import type { Shop } from '@stockroom/server'
import { createFront } from '@stockroom/server/http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aProduct, testShop } from './_shop.ts'
import type { Received, Sent, TestServer } from './_wire.ts'
import { listen } from './_wire.ts'

/** The shop as a process has it whose products are not in memory: nothing is kept ready. */
const withoutStamp = (shop: Shop): Shop => ({ ...shop, products: { ...shop.products, stamp: () => undefined } })

const input = (value: unknown): string => encodeURIComponent(JSON.stringify(value))
const json = (value: unknown) => ({ json: value })

const told = ({ status, headers, body }: Received, id: string) => ({
  status,
  type: headers['content-type'],
  shared: headers['access-control-allow-origin'],
  secure: headers['content-security-policy'],
  body: body.replace(id, 'id'),
  id: headers['x-request-id'] === id,
})

const ask = async (server: TestServer, { headers = [], ...sent }: Sent, id: string) => {
  const received = await server.send({ ...sent, headers: [...headers, 'x-request-id', id] })
  return { told: told(received, id), isReady: received.headers['etag'] !== undefined }
}

/** Asks until the answer is a ready one: while the catalogue hears nothing of the database, none is. */
const askReady = async (server: TestServer, sent: Sent, id: string) => {
  for (;;) {
    const answer = await ask(server, sent, id)
    if (answer.isReady) return answer
  }
}

describe('with ready bytes and without', () => {
  const cleanup = new AsyncDisposableStack()
  let ready: TestServer
  let plain: TestServer
  let ids: readonly string[]
  beforeAll(async () => {
    const { shop, caller } = cleanup.use(await testShop())
    const rows = [
      aProduct({ description: 'd"\\\u2028\n', category: 'Küche 🦊', name: 'Zażółć'.repeat(40) }),
      aProduct(),
      aProduct({ description: 'x'.repeat(5000) }),
    ]
    const { results } = await caller.products.upsertMany({ rows })
    ids = results.map(({ id }) => id)
    await caller.orders.create({
      userId: 'ada',
      lines: ids.slice(0, 2).map((productId) => ({ productId, quantity: 1 })),
    })
    ready = cleanup.use(await listen(createFront({ shop })))
    plain = cleanup.use(await listen(createFront({ shop: withoutStamp(shop) })))
    await caller.products.list()
  })
  afterAll(() => cleanup.disposeAsync())

  const kept: Record<string, () => Sent> = {
    'the list': () => ({ path: '/products' }),
    'the list with an empty query': () => ({ path: '/products?' }),
    'a list of one': () => ({ path: '/products?limit=1' }),
    'a list of all': () => ({ path: '/products?limit=3' }),
    'a product': () => ({ path: `/products/${ids[0]}` }),
    'a product by its id in capitals': () => ({ path: `/products/${ids[0]!.toUpperCase()}` }),
    'the head of the list': () => ({ method: 'HEAD', path: '/products' }),
    'the head of a product': () => ({ method: 'HEAD', path: `/products/${ids[2]}` }),
    'a page of another origin': () => ({ path: '/products', headers: ['origin', 'https://evil.example'] }),
    'RPC, the list': () => ({ path: '/trpc/products.list' }),
    'RPC, a list of one': () => ({ path: `/trpc/products.list?input=${input(json({ limit: 1 }))}` }),
    'RPC, a product': () => ({ path: `/trpc/products.byId?input=${input(json({ id: ids[1] }))}` }),
    'RPC, a batch of one': () => ({ path: '/trpc/products.list?batch=1' }),
    'RPC, a batch': () => ({
      path: `/trpc/products.list,products.byId,products.byId?batch=1&input=${input({
        0: json({ limit: 2 }),
        1: json({ id: ids[0] }),
        2: json({ id: ids[0] }),
      })}`,
    }),
  }
  const left: Record<string, () => Sent> = {
    'a second page': () => ({
      path: `/products?limit=1&cursor=${Buffer.from(`products:${ids[0]}`).toString('base64url')}`,
    }),
    'a page of no list': () => ({ path: '/products?cursor=nonsense' }),
    'a limit that is none': () => ({ path: '/products?limit=0' }),
    'two limits': () => ({ path: '/products?limit=1&limit=2' }),
    'a parameter that nobody knows': () => ({ path: '/products?color=red' }),
    'a product that is not there': () => ({ path: '/products/0123456789abcdef01234567' }),
    'what is no id': () => ({ path: '/products/nothing' }),
    'a slash too many': () => ({ path: '/products/' }),
    'a letter escaped': () => ({ path: '/%70roducts' }),
    'a body that nobody reads': () => ({ path: '/products', body: '{}', headers: ['content-type', 'text/plain'] }),
    'the orders': () => ({ path: '/orders' }),
    'another method': () => ({ method: 'DELETE', path: '/products' }),
    options: () => ({ method: 'OPTIONS', path: '/products' }),
    'RPC, the head': () => ({ method: 'HEAD', path: '/trpc/products.list' }),
    'RPC, a stream': () => ({
      path: `/trpc/products.byId?batch=1&input=${input({ 0: json({ id: ids[0] }) })}`,
      headers: ['trpc-accept', 'application/jsonl'],
    }),
    'RPC, a stream by Accept': () => ({
      path: '/trpc/products.list?batch=1',
      headers: ['accept', 'application/jsonl'],
    }),
    'RPC, a host that is none': () => ({ path: '/trpc/products.list', headers: ['host', 'a:b:c'] }),
    'RPC, a product that is not there': () => ({ path: `/trpc/products.byId?input=${input(json({ id: 'nothing' }))}` }),
    'RPC, no input': () => ({ path: '/trpc/products.byId' }),
    'RPC, malformed input': () => ({ path: '/trpc/products.list?input=%7B' }),
    'RPC, a batch with one that is not there': () => ({
      path: `/trpc/products.list,products.byId?batch=1&input=${input({ 1: json({ id: 'nothing' }) })}`,
    }),
    'RPC, a batch with orders': () => ({ path: '/trpc/products.list,orders.list?batch=1' }),
    'RPC, a batch that is too long': () => ({ path: `/trpc/${Array(11).fill('products.list').join(',')}?batch=1` }),
    'RPC, a mutation': () => ({
      method: 'POST',
      path: '/trpc/products.create',
      body: '{}',
      headers: ['content-type', 'application/json'],
    }),
  }
  // The first time the answer is made, the second time it is there.
  test.for(Object.entries(kept))('%s is kept, and answered the same', async ([, request]) => {
    const without = await ask(plain, request(), 'r-0')
    expect(without.isReady).toBe(false)
    for (const id of ['r-1', 'r-2']) expect((await askReady(ready, request(), id)).told).toEqual(without.told)
  })

  test.for(Object.entries(left))('%s is not kept, and answered the same', async ([, request]) => {
    const { path } = request()
    const without = await ask(plain, request(), 'r-0')
    for (const id of ['r-1', 'r-2']) {
      // What there is for the same address is not for this request.
      await ask(ready, { path }, id)
      expect(await ask(ready, request(), id)).toEqual(without)
    }
  })

  test('an empty shop is the same error', async () => {
    await using empty = await testShop()
    await using server = await listen(createFront({ shop: empty.shop }))
    await empty.caller.products.list()
    expect(await server.send({ path: '/products' })).toMatchObject({ status: 404 })
    const rpc = await server.send({ path: '/trpc/products.list' })
    expect(rpc.body).toBe('{"result":{"data":{"json":{"items":[],"nextCursor":null}}}}')
  })
})

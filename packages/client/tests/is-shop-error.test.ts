import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createShopClient, isShopError } from '@stockroom/client'
import { appRouter } from '@stockroom/server'
import { TRPCClientError } from '@trpc/client'
import { createHTTPHandler } from '@trpc/server/adapters/standalone'
import { assert, expect, test } from 'vitest'
import { aProduct } from '../../server/tests/_shop.ts'
import { testServer } from './_server.ts'

test('a refusal of the shop is known by its code, and only by that', async () => {
  await using server = await testServer()
  const { products, orders } = server.client
  const mug = await products.create.mutate(aProduct({ sku: 'MUG', quantity: 1 }))
  const error = await failureOf(orders.create.mutate({ userId: 'ada', productId: mug.id, quantity: 3 }))

  assert(isShopError(error, 'OUT_OF_STOCK'))
  expect(error.message).toBe('Not enough stock available')
  expect(error.data.shop.details.products).toEqual([{ productId: mug.id, sku: 'MUG', requested: 3, available: 1 }])
  expect(error.data.shop.next).toContain('available')
  expect(isShopError(error)).toBe(true)
  expect(isShopError(error, 'SKU_TAKEN')).toBe(false)
})

test('so is a request that is not valid, in a batch or alone', async () => {
  await using server = await testServer()
  const { orders } = server.client
  const lines = Array.from({ length: 2001 }, () => ({ productId: '6650f0a2c3d4e5f601234567', quantity: 1 }))
  const [small, large] = await Promise.all([
    failureOf(orders.create.mutate({ userId: '', productId: 'x', quantity: 1 })),
    failureOf(orders.create.mutate({ userId: 'ada', lines })),
  ])
  assert(isShopError(small, 'VALIDATION') && isShopError(large, 'VALIDATION'))
  expect(small.data.shop.details.issues.map(({ loc }) => loc)).toEqual([['userId']])
  expect(large.data.shop.details.issues.map(({ loc }) => loc)).toEqual([['lines']])
})

test('an unknown failure of the server is INTERNAL, and says nothing of its cause', async () => {
  const failing = createHTTPHandler({
    router: appRouter,
    basePath: '/trpc/',
    createContext: () => Promise.reject(new Error('the password is mellon')),
  })
  await using broken = await listening(failing)
  const error = await failureOf(createShopClient(broken).products.list.query())
  assert(isShopError(error))
  expect(error.data.shop.code).toBe('INTERNAL')
  expect(JSON.stringify([error.message, error.data, error])).not.toContain('mellon')
})

test('what is not from a shop is not a shop error: no connection, a proxy, any other value', async () => {
  const gone = await listening(() => {})
  await gone[Symbol.asyncDispose]()
  const refused = await failureOf(createShopClient(gone).products.list.query())

  await using cutting = await listening((request) => request.socket.destroy())
  const cut = await failureOf(createShopClient(cutting).products.list.query())

  await using proxy = await listening((_request, response) => response.writeHead(502).end('<h1>Bad Gateway</h1>'))
  const html = await failureOf(createShopClient(proxy).products.list.query())

  await using other = await listening((_request, response) => response.writeHead(500).end('{"error":{"shop":1}}'))
  const json = await failureOf(createShopClient(other).products.list.query())

  for (const error of [refused, cut, html, json]) {
    expect(error).toBeInstanceOf(TRPCClientError)
    expect(isShopError(error)).toBe(false)
  }
  const shop = { code: 'BUSY', details: {} }
  for (const value of [undefined, null, 'BUSY', 503, { data: { shop } }, new Error('BUSY')]) {
    expect(isShopError(value)).toBe(false)
  }
  for (const data of [undefined, null, 'shop', {}, { shop: null }, { shop: 'BUSY' }, { shop: {} }]) {
    expect(isShopError(Object.assign(new Error('BUSY'), { data }))).toBe(false)
  }
})

async function failureOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => expect.fail('the call succeeded'),
    (error: unknown) => error,
  )
}

async function listening(handler: Parameters<typeof createServer>[1]): Promise<{ url: string } & AsyncDisposable> {
  const server = createServer(handler).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

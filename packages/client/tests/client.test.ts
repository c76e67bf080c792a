import { createShopClient } from '@stockroom/client'
import { expect, test } from 'vitest'
import { aProduct } from '../../server/tests/_shop.ts'
import { recordingFetch, testServer } from './_server.ts'

test('an order comes back whole, with its times as Date', async () => {
  await using server = await testServer()
  const { products, orders } = server.client
  const before = Date.now()
  const mug = await products.create.mutate(aProduct({ name: 'Mug', quantity: 5 }))
  const placed = await orders.create.mutate({ userId: 'ada', lines: [{ productId: mug.id, quantity: 2 }] })

  expect(placed).toMatchObject({
    userId: 'ada',
    lines: [{ productId: mug.id, name: 'Mug', quantity: 2, total: { amount: 2000, currency: 'EUR' } }],
    total: { amount: 2000, currency: 'EUR' },
    status: 'placed',
  })
  expect(placed.createdAt).toBeInstanceOf(Date)
  expect(Math.abs(placed.createdAt.getTime() - before)).toBeLessThan(10_000)
  expect(await orders.byId.query({ id: placed.id })).toEqual(placed)
  expect(await orders.list.query()).toEqual({ items: [placed], nextCursor: null })
  expect(await products.byId.query({ id: mug.id })).toMatchObject({ quantity: 3, createdAt: mug.createdAt })
})

test('pages follow one another by their cursor, and the last has none', async () => {
  await using server = await testServer()
  const { products } = server.client
  await products.upsertMany.mutate({ rows: Array.from({ length: 5 }, () => aProduct()) })
  const first = await products.list.query({ limit: 3 })
  if (first.nextCursor === null) throw new Error('five products are more than one page of three')
  const second = await products.list.query({ limit: 3, cursor: first.nextCursor })
  expect([first.items.length, second.items.length, second.nextCursor]).toEqual([3, 2, null])
  expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(5)
})

test('ten calls made together travel as one request, twenty-five as three', async () => {
  await using server = await testServer()
  const mug = await server.client.products.create.mutate(aProduct())
  for (const [count, batches] of [
    [10, [10]],
    [25, [10, 10, 5]],
  ] as const) {
    const { fetch, requests } = recordingFetch()
    const client = createShopClient({ url: server.url, fetch })
    const found = await Promise.all(Array.from({ length: count }, () => client.products.byId.query({ id: mug.id })))
    expect(requests.map(({ calls }) => calls)).toEqual(batches)
    expect(found).toEqual(Array.from({ length: count }, () => mug))
  }
})

test('orders placed together share a request, and one refusal leaves the others alone', async () => {
  await using server = await testServer()
  const { fetch, requests } = recordingFetch()
  const client = createShopClient({ url: server.url, fetch })
  const mug = await server.client.products.create.mutate(aProduct({ quantity: 2 }))
  const outcomes = await Promise.allSettled(
    [1, 5, 1].map((quantity) => client.orders.create.mutate({ userId: 'ada', productId: mug.id, quantity })),
  )
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  expect(requests).toHaveLength(1)
})

test('an order of 2,000 lines travels alone, beside a batch of small calls', async () => {
  await using server = await testServer()
  const { fetch, requests } = recordingFetch()
  const client = createShopClient({ url: server.url, fetch })
  const rows = Array.from({ length: 2000 }, () => aProduct({ quantity: 1 }))
  const [first, second] = await Promise.all([
    client.products.upsertMany.mutate({ rows: rows.slice(0, 1000) }),
    client.products.upsertMany.mutate({ rows: rows.slice(1000) }),
  ])
  expect(requests.map(({ path }) => path)).toEqual(['/trpc/products.upsertMany', '/trpc/products.upsertMany'])
  expect(first.results.map(({ sku, outcome }) => [sku, outcome])).toEqual(
    rows.slice(0, 1000).map(({ sku }) => [sku, 'created']),
  )

  requests.length = 0
  const lines = [...first.results, ...second.results].map(({ id }) => ({ productId: id, quantity: 1 }))
  const [order] = await Promise.all([
    client.orders.create.mutate({ userId: 'ada', lines }),
    client.orders.create.mutate({ userId: 'bo', lines: lines.slice(0, 1) }).catch(() => 'may come too late'),
    client.orders.list.query(),
    client.orders.list.query({ limit: 1 }),
  ])
  expect(order.lines).toHaveLength(2000)
  expect(order.total).toEqual({ amount: 2_000_000, currency: 'EUR' })
  expect(requests.map(({ path }) => path).toSorted()).toEqual([
    '/trpc/orders.create',
    '/trpc/orders.create',
    '/trpc/orders.list,orders.list',
  ])
})

test('a long query is answered like a short one', async () => {
  await using server = await testServer()
  const ids = [10, 150, 200, 700, 2000].map((length) => 'é'.repeat(length))
  const answers = await Promise.allSettled(ids.map((id) => server.client.products.byId.query({ id })))
  expect(answers).toMatchObject(
    ids.map((id) => ({
      reason: { data: { shop: { code: 'PRODUCT_NOT_FOUND', details: { productIds: [id] } } } },
    })),
  )
})

test('headers can be asked for before each request, as for a token that is renewed', async () => {
  await using server = await testServer()
  const { fetch, requests } = recordingFetch()
  let asked = 0
  const headers = async () => ({ authorization: `Bearer ${++asked}` })
  const client = createShopClient({ url: server.url, fetch, headers })
  await client.products.list.query()
  await client.orders.list.query()
  const watch = client.products.watch.subscribe({}, {})
  await expect.poll(() => requests).toHaveLength(3)
  watch.unsubscribe()
  expect(requests.map((request) => request.headers.get('authorization'))).toEqual(['Bearer 1', 'Bearer 2', 'Bearer 3'])
})

test('headers go with every request, alone or batched', async () => {
  await using server = await testServer()
  const { fetch, requests } = recordingFetch()
  const client = createShopClient({ url: server.url, fetch, headers: { authorization: 'Bearer of-news' } })
  await client.products.list.query()
  await client.products.upsertMany.mutate({ rows: Array.from({ length: 500 }, () => aProduct()) })
  expect(requests.map(({ headers }) => headers.get('authorization'))).toEqual(['Bearer of-news', 'Bearer of-news'])
})

test('slashes at the end of the url make no difference', async () => {
  await using server = await testServer()
  for (const url of [server.url, `${server.url}/`, `${server.url}//`]) {
    expect(await createShopClient({ url }).products.list.query({})).toEqual({ items: [], nextCursor: null })
  }
})

test.for(['localhost:8000', 'ftp://shop.example', 'http://localhost:8000/trpc', '/trpc/'])(
  'an address that leads nowhere is refused at once: %s',
  (url) => {
    expect(() => createShopClient({ url })).toThrow(/^The url of a shop/)
  },
)

test.for(['', '/', '/shop', 'https://shop.example/eu/'])('an address that may be one is taken: "%s"', (url) => {
  expect(() => createShopClient({ url })).not.toThrow()
})

import { serve } from '@stockroom/server/http'
import { describe, expect, test } from 'vitest'
import { books, tally } from './_books.ts'
import { failingMongo, whileFailing } from './_failing.ts'
import { expectProblem, expectRpcError, send } from './_http.ts'
import { aProduct, testShop } from './_shop.ts'

const mongo = failingMongo()

async function transactions() {
  const { transactions } = await mongo.client.db('admin').command({ serverStatus: 1 })
  const { totalCommitted, totalAborted } = transactions as Record<string, bigint | number>
  return { committed: Number(totalCommitted), aborted: Number(totalAborted) }
}

const times = <Result>(count: number, call: (index: number) => Result) =>
  Array.from({ length: count }, (_, index) => call(index))

/** How many transactions are committed meanwhile; none may be aborted. */
async function committedBy(work: () => Promise<unknown>): Promise<number> {
  const before = await transactions()
  await work()
  const after = await transactions()
  expect(after.aborted).toBe(before.aborted)
  return after.committed - before.committed
}

// The first command is alone, for the desk is idle; the others wait for it.
describe('a transaction takes', () => {
  test('512 orders', async () => {
    await using shop = await testShop({ uri: mongo.uri })
    const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 10_000 }))
    const order = (n: number) => shop.caller.orders.create({ userId: `user-${n}`, productId, quantity: 1 })
    expect(await committedBy(() => Promise.all(times(1 + 512 * 2 + 1, order)))).toBe(4)
  })

  test('4,000 lines of orders', async () => {
    await using shop = await testShop({ uri: mongo.uri })
    const { results } = await shop.caller.products.upsertMany({ rows: times(1000, () => aProduct({ quantity: 100 })) })
    const lines = results.map(({ id }) => ({ productId: id, quantity: 1 }))
    const order = (n: number) => shop.caller.orders.create({ userId: `user-${n}`, lines })
    expect(await committedBy(() => Promise.all(times(1 + 4 * 2 + 1, order)))).toBe(4)
  })

  test('a hundred rows of the bulk kinds', async () => {
    await using shop = await testShop({ uri: mongo.uri })
    const rows = times(1000, () => aProduct())
    expect(await committedBy(() => shop.caller.products.upsertMany({ rows }))).toBe(10)
  })
})

test('what finds twenty thousand waiting is BUSY at once, on both doors, and has no effect', async () => {
  await using shop = await testShop({ uri: mongo.uri })
  await using server = await serve({ shop: shop.shop, port: 0, drainMs: 0 })
  const { id: productId, sku } = await shop.caller.products.create(aProduct({ quantity: 10 }))
  const order = (productId: string) => shop.shop.orders.create({ userId: 'ada', productId, quantity: 1 })
  const slow = { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 1500 }
  const waiting = await whileFailing(mongo.client, { data: slow, mode: { times: 1 } }, async () => {
    const first = order(productId)
    // They are told that there is no such product, once it is their turn.
    const waiting = times(20_000, () => order('f'.repeat(24)))
    const input = { userId: 'bo', productId, quantity: 1 }
    const [rpc, rest, adjusted] = await Promise.all([
      send(`${server.url}/trpc/orders.create`, { method: 'POST', json: { json: input } }),
      send(`${server.url}/orders`, { method: 'POST', json: { user_id: 'bo', product_id: productId, quantity: 1 } }),
      send(`${server.url}/products/${productId}/adjust`, { method: 'POST', json: { delta: 5, reason: 'found' } }),
    ])
    expectRpcError(rpc, 'BUSY')
    expectProblem(rest, 'BUSY')
    expectProblem(adjusted, 'BUSY')
    expect([rpc, rest, adjusted].map(({ headers }) => headers.get('retry-after'))).toEqual(['1', '1', '1'])
    await first
    return tally(waiting)
  })
  expect(waiting).toEqual({ PRODUCT_NOT_FOUND: 20_000 })
  expect(await books(shop)).toEqual([{ sku, quantity: 9, moved: 10, ordered: 1 }])
})

test('whatever changes stock gets its turn among orders that never end', async () => {
  await using shop = await testShop({ uri: mongo.uri })
  const { products, orders } = shop.caller
  const [busy, other] = [await products.create(aProduct({ quantity: 1_000_000 })), await products.create(aProduct())]
  const order = () => orders.create({ userId: 'ada', productId: busy.id, quantity: 1 })
  const mine = await order()
  const over = new AbortController()
  // More than a transaction takes.
  const buyers = times(600, async () => {
    while (!over.signal.aborted) await order()
  })
  const changes = [
    products.setQuantity({ id: other.id, quantity: 7 }),
    products.adjustQuantity({ id: other.id, delta: 2, reason: 'found' }),
    products.adjustQuantity({ id: busy.id, delta: 2, reason: 'found' }),
    products.create(aProduct()),
    products.upsertMany({ rows: times(300, () => aProduct()) }),
    orders.cancel({ id: mine.id }),
  ]
  expect(await tally(changes)).toEqual({ ok: changes.length })
  over.abort()
  await Promise.all(buyers)
})

test('whole products go into a transaction by the hundred, so that a command never becomes too large', async () => {
  await using shop = await testShop({ uri: mongo.uri })
  const longest = '€'.repeat(10_000)
  const create = () => shop.caller.products.create(aProduct({ description: longest }))
  expect(await committedBy(() => Promise.all(times(601, create)))).toBe(7)
})

import type { Order } from '@stockroom/contracts'
import { ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { serve } from '@stockroom/server/http'
import { failingMongo, whileFailing } from './_failing.ts'
import { send } from './_http.ts'
import { aProduct, testShop } from './_shop.ts'

const mongo = failingMongo({ transactionLifetimeLimitSeconds: 30 })

const slowCommits = { data: { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 500 } }

test.for(['create', 'cancel'] as const)(
  'the order that %s answers with is told while it is being committed, and is that very object',
  async (procedure) => {
    await using test = await testShop({ uri: mongo.uri })
    const { id: productId } = await test.caller.products.create(aProduct())
    const input = { userId: 'ada', productId, quantity: 1 }
    const stored = mongo.client.db(test.database).collection('orders')
    const before = procedure === 'cancel' ? await test.caller.orders.create(input) : undefined
    const told: Order[] = []
    const statuses: Promise<unknown>[] = []
    const onDecided = (order: Order) => {
      told.push(order)
      statuses.push(stored.findOne({ _id: new ObjectId(order.id) }).then((found) => found?.status))
    }
    const { orders } = test.shop
    const order = await whileFailing(mongo.client, { ...slowCommits, mode: { times: 1 } }, () =>
      before ? orders.cancel({ id: before.id }, { onDecided }) : orders.create(input, { onDecided }),
    )
    expect(told).toHaveLength(1)
    expect(told[0]).toBe(order)
    expect(await Promise.all(statuses)).toEqual([before?.status])
  },
)

test('an order is answered though whoever makes its answer ready fails', async () => {
  await using test = await testShop({ uri: mongo.uri })
  const { id: productId } = await test.caller.products.create(aProduct())
  const onDecided = () => {
    throw new Error(`no answer about ${productId}`)
  }
  const order = await test.shop.orders.create({ userId: 'ada', productId, quantity: 1 }, { onDecided })
  expect(await test.caller.orders.byId({ id: order.id })).toEqual(order)
})

describe.for<[door: string, path: string, input: (productId: string) => object]>([
  ['REST', '/orders', (id) => ({ user_id: 'ada', product_id: id, quantity: 1 })],
  ['RPC', '/trpc/orders.create', (productId) => ({ json: { userId: 'ada', productId, quantity: 1 } })],
  [
    'RPC in a batch',
    '/trpc/orders.create?batch=1',
    (productId) => ({ 0: { json: { userId: 'ada', productId, quantity: 1 } } }),
  ],
])('over %s', ([, path, input]) => {
  test('an order that was decided twice is answered as it was committed', async () => {
    await using here = await testShop({ uri: mongo.uri })
    await using there = await testShop({ uri: mongo.uri, database: here.database })
    await using server = await serve({ shop: here.shop, port: 0, drainMs: 0 })
    const row = aProduct()
    const { id } = await here.caller.products.create(row)
    const order = () => send(server.url + path, { method: 'POST', json: input(id) })
    await order()
    // Here the old price is still known, by which the next order is decided first.
    const price = { amount: 777, currency: 'EUR' } as const
    await there.caller.products.upsertMany({ rows: [{ ...row, price, quantity: 5 }] })
    const { text } = await order()
    expect(text).toContain('777')
    expect(text).not.toContain('1000')
  })

  test('nothing is answered of an order whose commit fails', async () => {
    await using test = await testShop({ uri: mongo.uri })
    await using server = await serve({ shop: test.shop, port: 0, drainMs: 0 })
    const { id } = await test.caller.products.create(aProduct())
    const refused = { failCommands: ['commitTransaction'], errorCode: 2 }
    const { status, text } = await whileFailing(mongo.client, { data: refused, mode: { times: 1 } }, () =>
      send(server.url + path, { method: 'POST', json: input(id) }),
    )
    expect(status).toBe(503)
    expect(text).toContain('OUTCOME_UNKNOWN')
    expect(text).not.toContain('ada')
  })
})

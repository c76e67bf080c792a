import { MongoClient } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { reader } from './_reader.ts'
import { aProduct, testShop } from './_shop.ts'
import { streamsOf } from './_streams.ts'

/** A shop with one order in it, and a second process on the same database. */
async function placed() {
  await using stack = new AsyncDisposableStack()
  const here = stack.use(await testShop())
  const there = stack.use(await testShop({ database: here.database }))
  const client = stack.use(new MongoClient(here.uri))
  const { id: productId } = await here.caller.products.create(aProduct())
  const place = () => here.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
  const order = await place()
  /** The change streams on the orders of this shop that the database knows of. */
  const streams = () => streamsOf(client.db(here.database), 'orders')
  const open = stack.move()
  const orders = client.db(here.database).collection('orders')
  return { here, there, client, orders, order, place, streams, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

describe('a watch of an order', () => {
  test('begins with the order as it is, and shows each step, whichever process makes it', async () => {
    await using shop = await placed()
    const { id } = shop.order
    const watch = reader(await shop.here.shop.orders.watch({ id }))
    expect(await watch.next()).toEqual(shop.order)
    const paid = await shop.there.caller.orders.pay({ id })
    expect(await watch.next()).toEqual(paid)
    const fulfilled = await shop.here.caller.orders.fulfil({ id, reason: 'parcel 17' })
    expect(await watch.next()).toEqual(fulfilled)
    await watch.leave()
  })

  test('is refused for an order that there is not', async () => {
    await using shop = await placed()
    for (const id of ['nope', 'f'.repeat(24)]) {
      await expect(shop.here.caller.orders.watch({ id })).rejects.toMatchObject({
        code: 'NOT_FOUND',
        cause: { code: 'ORDER_NOT_FOUND', details: { orderId: id } },
      })
    }
  })

  test('shows only the last of the steps that it had no time to read', async () => {
    await using shop = await placed()
    const { id } = shop.order
    const watch = reader(await shop.here.shop.orders.watch({ id }))
    const other = reader(await shop.here.shop.orders.watch({ id }))
    await Promise.all([watch.next(), other.next()])
    for (const step of ['pay', 'fulfil', 'refund'] as const) {
      const moved = await shop.there.caller.orders[step]({ id })
      // What the other reader has been told of, this one was too.
      expect(await other.next()).toEqual(moved)
    }
    expect(await watch.next()).toMatchObject({ status: 'refunded' })
    await Promise.all([watch.leave(), other.leave()])
  })

  test('shows a step that was made after its first look and before its first reading', async () => {
    await using shop = await placed()
    const another = await shop.place()
    const other = reader(await shop.here.shop.orders.watch({ id: another.id }))
    await other.next()
    await expect.poll(shop.streams).toHaveLength(1)
    const watch = reader(await shop.here.shop.orders.watch({ id: shop.order.id }))
    const paid = await shop.there.caller.orders.pay({ id: shop.order.id })
    await shop.there.caller.orders.pay({ id: another.id })
    // The stream has come past both.
    await other.next()
    expect(await watch.next()).toEqual(shop.order)
    expect(await watch.next()).toEqual(paid)
    await Promise.all([watch.leave(), other.leave()])
  })

  test('opens one change stream for all who watch, and none while nobody does', async () => {
    await using shop = await placed()
    expect(await shop.streams()).toHaveLength(0)
    const another = await shop.place()
    const watches = await Promise.all(
      [shop.order, another, another].map(async ({ id }) => reader(await shop.here.shop.orders.watch({ id }))),
    )
    await Promise.all(watches.map((watch) => watch.next()))
    await expect.poll(shop.streams).toHaveLength(1)
    for (const watch of watches) {
      expect(await shop.streams()).toHaveLength(1)
      await watch.leave()
    }
    await expect.poll(shop.streams).toHaveLength(0)
    const again = reader(await shop.here.shop.orders.watch({ id: another.id }))
    await again.next()
    await shop.there.caller.orders.pay({ id: another.id })
    expect(await again.next()).toMatchObject({ status: 'paid' })
    await again.leave()
  })

  test('goes on where its change stream was lost, with what happened meanwhile', async () => {
    await using shop = await placed()
    const { id } = shop.order
    const watch = reader(await shop.here.shop.orders.watch({ id }))
    await watch.next()
    await expect.poll(shop.streams).toHaveLength(1)
    // A stream of a collection that was replaced cannot be resumed, and none tells what became of the order.
    const paid = { history: { $concatArrays: ['$history', [{ status: 'paid', at: '$$NOW' }]] }, status: 'paid' }
    await shop.orders.aggregate([{ $set: paid }, { $out: 'replacement' }]).toArray()
    await shop.client.db(shop.here.database).renameCollection('replacement', 'orders', { dropTarget: true })
    expect(await watch.next()).toMatchObject({ status: 'paid' })
    await shop.there.caller.orders.fulfil({ id })
    expect(await watch.next()).toMatchObject({ status: 'fulfilled' })
    await watch.leave()
  })

  test('ends where the order is deleted, where its signal says so, and with the shop', async () => {
    await using shop = await placed()
    const abort = new AbortController()
    const another = await shop.place()
    const gone = reader(await shop.here.shop.orders.watch({ id: shop.order.id }))
    const aborted = reader(await shop.here.shop.orders.watch({ id: another.id }, abort.signal))
    const closed = reader(await shop.there.shop.orders.watch({ id: another.id }))
    await Promise.all([gone, aborted, closed].map((watch) => watch.next()))
    const ends = [aborted, closed].map((watch) => watch.next().catch(({ name }: Error) => name))

    await expect.poll(shop.streams).toHaveLength(2)
    await shop.orders.deleteOne({ userId: 'ada', status: 'placed' })
    expect(await gone.next()).toBeUndefined()
    abort.abort()
    await shop.there.shop[Symbol.asyncDispose]()
    expect(await Promise.all(ends)).toEqual(['AbortError', 'AbortError'])
    await expect.poll(shop.streams).toHaveLength(0)
  })
})

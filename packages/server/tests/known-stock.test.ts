import type { ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import { books, refusal, tally, wrongBooks } from './_books.ts'
import { failingMongo, whileFailing } from './_failing.ts'
import { aProduct, testShop } from './_shop.ts'

const mongo = failingMongo()

/** Two shops on one database, as two processes have them, and a product that the first has just sold. */
async function twoShopsThatSell(quantity: number) {
  await using stack = new AsyncDisposableStack()
  const here = stack.use(await testShop({ uri: mongo.uri }))
  const there = stack.use(await testShop({ uri: mongo.uri, database: here.database }))
  const row = aProduct({ quantity })
  const { id } = await here.caller.products.create(row)
  const order = (shop: typeof here) => shop.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
  await order(here)
  const open = stack.move()
  return { here, there, row, id, order, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

type Shops = Awaited<ReturnType<typeof twoShopsThatSell>>

describe.for<[string, (shops: Shops) => Promise<unknown>]>([
  ['from one order to the next', async () => {}],
  [
    // For a second it writes the stock first, whatever others have sold of it.
    'after a conflict',
    ({ here, order }) =>
      whileFailing(mongo.client, { data: { failCommands: ['update'], errorCode: 112 }, mode: { times: 1 } }, () =>
        order(here),
      ),
  ],
])('%s', ([, before]) => {
  test('an order pays the price that another process has just set', async () => {
    await using shops = await twoShopsThatSell(10)
    const { here, there, row, order } = shops
    await before(shops)
    const price = { amount: 777, currency: 'EUR' } as const
    await there.caller.products.upsertMany({ rows: [{ ...row, name: 'Renamed', price, quantity: 5 }] })
    expect(await order(here)).toMatchObject({ total: price, lines: [{ name: 'Renamed', unitPrice: price }] })
    expect(await wrongBooks(here)).toEqual([])
  })

  test('an order gets the unit that another process has just put in', async () => {
    await using shops = await twoShopsThatSell(2)
    const { here, there, id, order } = shops
    await before(shops)
    await there.caller.products.setQuantity({ id, quantity: 0 })
    expect((await refusal(order(here))).code).toBe('OUT_OF_STOCK')
    await there.caller.products.adjustQuantity({ id, delta: 1, reason: 'found one' })
    expect(await order(here)).toMatchObject({ status: 'placed' })
    expect(await wrongBooks(here)).toEqual([])
  })

  test('an order does not get the unit that another process has just sold', async () => {
    await using shops = await twoShopsThatSell(5)
    const { here, there, id, row, order } = shops
    await before(shops)
    const { quantity } = await here.caller.products.byId({ id })
    await there.caller.orders.create({ userId: 'bob', productId: id, quantity })
    expect(await refusal(order(here))).toMatchObject({
      code: 'OUT_OF_STOCK',
      details: { products: [{ available: 0 }] },
    })
    expect(await books(here)).toEqual([{ sku: row.sku, quantity: 0, moved: 5, ordered: 5 }])
  })

  test('what the process shows after its orders is what the database holds, whoever else sells', async () => {
    await using shops = await twoShopsThatSell(1000)
    const { here, there, id, order } = shops
    await before(shops)
    const { revision } = await here.caller.products.byId({ id })
    const orders = Array.from({ length: 200 }, (_, n) => order(n % 2 ? here : there))
    expect(await tally(orders)).toEqual({ ok: 200 })
    await order(here)
    const shown = await here.caller.products.byId({ id })
    expect(shown.revision).toBe(revision + 201)
    expect(await wrongBooks(here)).toEqual([])
    expect(await books(here)).toMatchObject([{ quantity: shown.quantity }])
  })
})

describe('an order of a product that was just sold and of another one', () => {
  test('reads the other one alone', async () => {
    await using shops = await twoShopsThatSell(10)
    const db = mongo.client.db(shops.here.database)
    const other = await shops.there.caller.products.create(aProduct())
    await db.command({ profile: 2 })
    await orderOfBoth(shops, other.id)
    await db.command({ profile: 0 })
    const reads = db
      .collection('system.profile')
      .find({ 'command.find': 'products', 'command.txnNumber': { $exists: true } })
    const read = (await reads.toArray()).flatMap(({ command }) => (command.filter._id.$in as ObjectId[]).map(String))
    expect(read).toEqual([other.id])
    expect(await wrongBooks(shops.here)).toEqual([])
  })

  test('pays the price that another process has just set for the first', async () => {
    await using shops = await twoShopsThatSell(10)
    const { here, there, row } = shops
    const other = await there.caller.products.create(aProduct())
    const price = { amount: 777, currency: 'EUR' } as const
    await there.caller.products.upsertMany({ rows: [{ ...row, price, quantity: 5 }] })
    expect((await orderOfBoth(shops, other.id)).lines.map(({ unitPrice }) => unitPrice)).toEqual([price, other.price])
    expect(await wrongBooks(here)).toEqual([])
  })

  test.for(['find', 'insert'])(
    'is decided anew once a %s was lost: the next primary may know another price',
    async (command) => {
      await using shops = await twoShopsThatSell(10)
      const { here, there } = shops
      const other = await there.caller.products.create(aProduct())
      const products = mongo.client.db(here.database).collection('products')
      await products.updateOne({ sku: shops.row.sku }, { $set: { 'price.amount': 777 } })
      const lost = { data: { failCommands: [command], closeConnection: true }, mode: { times: 1 } }
      const order = await whileFailing(mongo.client, lost, () => orderOfBoth(shops, other.id))
      expect(order.lines[0]!.unitPrice.amount).toBe(777)
    },
  )

  test('is written once, where another process sells the first by turns with this one', async () => {
    await using shops = await twoShopsThatSell(1000)
    const { here, there } = shops
    const rows = Array.from({ length: 40 }, () => aProduct())
    const { results } = await there.caller.products.upsertMany({ rows })
    const db = mongo.client.db(here.database)
    await db.command({ profile: 2 })
    for (const [index, { id }] of results.entries())
      await orderOfBoth(index % 2 ? shops : { ...shops, here: there }, id)
    await db.command({ profile: 0 })
    const inserts = await db.collection('system.profile').countDocuments({ 'command.insert': 'orders' })
    // Each process may find out once what the other does, and again after a second.
    expect(inserts).toBeLessThan(results.length + 10)
  })

  test('is refused for all that is short', async () => {
    await using shops = await twoShopsThatSell(10)
    const { there, id } = shops
    const other = await there.caller.products.create(aProduct({ quantity: 0 }))
    await there.caller.products.setQuantity({ id, quantity: 0 })
    const { details } = await refusal(orderOfBoth(shops, other.id))
    expect(details).toMatchObject({ products: [{ productId: id }, { productId: other.id }] })
  })
})

function orderOfBoth({ here, id }: Shops, other: string) {
  const lines = [id, other].map((productId) => ({ productId, quantity: 1 }))
  return here.caller.orders.create({ userId: 'ada', lines })
}

// Somebody may change the collection past the shop.
test('a price that was set by hand, without a new revision, is charged within a second or two', async () => {
  await using shops = await twoShopsThatSell(1_000_000)
  await mongo.client
    .db(shops.here.database)
    .collection('products')
    .updateOne({}, { $set: { 'price.amount': 777 } })
  await expect.poll(async () => (await shops.order(shops.here)).total.amount, { timeout: 5000 }).toBe(777)
})

test('a write that raises the revision and does not say what it expected is refused by the database', async () => {
  await using shops = await twoShopsThatSell(10)
  const products = mongo.client.db(shops.here.database).collection('products')
  const changed = { $set: { quantity: 3 }, $inc: { revision: 1 } }
  await expect(products.updateOne({}, changed)).rejects.toMatchObject({ code: 121 })
  await products.updateOne({}, { ...changed, $unset: { expectedRevision: '' } })
  expect(await shops.order(shops.here)).toMatchObject({ status: 'placed' })
  expect(await shops.here.caller.products.byId({ id: shops.id })).toMatchObject({ quantity: 2, revision: 4 })
})

test('an order does not get a product that was taken out by hand', async () => {
  await using shops = await twoShopsThatSell(10)
  await mongo.client.db(shops.here.database).collection('products').deleteOne({})
  expect((await refusal(shops.order(shops.here))).code).toBe('PRODUCT_NOT_FOUND')
  expect((await shops.here.caller.orders.list()).items).toHaveLength(1)
})

test('a product that was changed by hand to what the validator refuses holds up no other', async () => {
  await using shops = await twoShopsThatSell(10)
  const { here, order } = shops
  const mug = await here.caller.products.create(aProduct())
  await mongo.client
    .db(here.database)
    .collection('products')
    .updateOne({ sku: shops.row.sku }, { $set: { description: null } }, { bypassDocumentValidation: true })
  expect((await refusal(order(here))).code).toBe('INTERNAL')
  expect(await here.caller.orders.create({ userId: 'ada', productId: mug.id, quantity: 1 })).toMatchObject({
    status: 'placed',
  })
})

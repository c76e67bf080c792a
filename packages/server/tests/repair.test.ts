import { MongoServerError, ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import type { Correction } from '@stockroom/server'
import { correctionsOf, repairShop, verifyShop } from '@stockroom/server'
import type { TestShop } from '@stockroom/server/testing'
import type { LaneDocument } from '../src/collections/lanes.ts'
import { tally } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'
import { tamper } from './_tamper.ts'
import { tradingShop } from './_trading-shop.ts'

const unchecked = { bypassDocumentValidation: true }

/** What `shop verify --repair` does, once it was told yes. */
async function repair(shop: TestShop): Promise<Correction[]> {
  const { differences } = await verifyShop(shop)
  return repairShop({ ...shop, corrections: correctionsOf(differences) })
}

async function read(shop: TestShop, collection: string, filter: object = {}) {
  let documents: Record<string, unknown>[] = []
  await tamper(
    shop,
    async (db) => (documents = await db.collection(collection).find(filter).sort({ _id: 1 }).toArray()),
  )
  return documents
}

const addTo = (shop: TestShop, sku: string, units: number) =>
  tamper(shop, (db) => db.collection('products').updateOne({ sku }, { $inc: { quantity: units } }))

test('the units on hand stand, and a movement brings the books to them', async () => {
  await using shop = await tradingShop()
  await addTo(shop, 'MUG', 3)
  await tamper(shop, (db) => db.collection('orders').deleteOne({ userId: 'eve' }))
  const before = new Date()

  expect(await repair(shop)).toEqual([
    { productId: shop.mug.id, sku: 'MUG', change: 3 },
    { productId: shop.tray.id, sku: 'TRAY', change: -1 },
  ])
  expect(await verifyShop(shop)).toMatchObject({ movements: 5, differences: [] })
  const movements = await read(shop, 'movements', { reason: 'repair' })
  expect(movements).toMatchObject([
    { productId: new ObjectId(shop.mug.id), change: 3, note: 'brought the books to the units on hand' },
    { productId: new ObjectId(shop.tray.id), change: -1 },
  ])
  for (const { at } of movements) expect((at as Date) >= before).toBe(true)
  expect(await read(shop, 'products')).toMatchObject([
    { sku: 'MUG', quantity: 91, version: 1 },
    { sku: 'TRAY', quantity: 47, version: 1 },
  ])
})

test('books in order call for nothing, and a second repair writes nothing', async () => {
  await using shop = await tradingShop()
  expect(await repair(shop)).toEqual([])
  await addTo(shop, 'MUG', -2)
  await repair(shop)
  const [products, movements] = [await read(shop, 'products'), await read(shop, 'movements')]
  expect(await repair(shop)).toEqual([])
  expect(await read(shop, 'products')).toEqual(products)
  expect(await read(shop, 'movements')).toEqual(movements)
})

test('books that were corrected may differ again', async () => {
  await using shop = await tradingShop()
  for (const change of [3, -2]) {
    await addTo(shop, 'MUG', change)
    expect(await repair(shop)).toEqual([{ productId: shop.mug.id, sku: 'MUG', change }])
  }
})

test('of repairs at the same time one alone is written', async () => {
  await using shop = await tradingShop()
  await addTo(shop, 'MUG', 3)
  const corrections = correctionsOf((await verifyShop(shop)).differences)
  const written = await Promise.all(Array.from({ length: 6 }, () => repairShop({ ...shop, corrections })))
  expect(written.flat()).toEqual(corrections)
  expect(await verifyShop(shop)).toMatchObject({ movements: 4, differences: [] })
})

test('a correction is not written where the product has since come to differ otherwise', async () => {
  await using shop = await tradingShop()
  await addTo(shop, 'MUG', 3)
  await addTo(shop, 'TRAY', 1)
  const corrections = correctionsOf((await verifyShop(shop)).differences)
  await addTo(shop, 'MUG', 1)
  expect(await repairShop({ ...shop, corrections })).toEqual([{ productId: shop.tray.id, sku: 'TRAY', change: 1 }])
  expect((await verifyShop(shop)).differences).toMatchObject([{ sku: 'MUG', expected: 88, actual: 92 }])
})

test('a correction for a product that is gone is not written', async () => {
  await using shop = await tradingShop()
  await addTo(shop, 'MUG', 3)
  const corrections = correctionsOf((await verifyShop(shop)).differences)
  await tamper(shop, (db) => db.collection('products').deleteOne({ sku: 'MUG' }))
  expect(await repairShop({ ...shop, corrections })).toEqual([])
  expect((await verifyShop(shop)).differences).toMatchObject([{ kind: 'unknownProduct', productId: shop.mug.id }])
})

test('what cannot stand, what belongs to no product and what is of an order is left to people', async () => {
  await using shop = await tradingShop()
  const products = await Promise.all(
    ['BELOW', 'NONE', 'HALF', 'GONE'].map((sku) => shop.caller.products.create(aProduct({ sku }))),
  )
  await tamper(shop, async (db) => {
    const set = (sku: string, quantity: unknown) =>
      db.collection('products').updateOne({ sku }, { $set: { quantity } }, unchecked)
    await set('BELOW', -1)
    await set('NONE', 'many')
    await set('HALF', 0.5)
    await db.collection('products').deleteOne({ _id: new ObjectId(products[3]!.id) })
    await db.collection('orders').updateOne({ userId: 'ada' }, { $inc: { 'total.amount': 1 } })
    await db.collection('orders').updateOne({ userId: 'eve' }, { $set: { status: 'paid' } })
  })
  const { differences } = await verifyShop(shop)
  expect(differences.map(({ kind }) => kind).toSorted()).toEqual([
    'negative',
    'orderStatus',
    'orderTotal',
    'quantity',
    'quantity',
    'quantity',
    'unknownProduct',
  ])
  expect(correctionsOf(differences)).toEqual([])
})

test('a product that its validator would refuse has its books corrected all the same', async () => {
  await using shop = await tradingShop()
  await addTo(shop, 'MUG', 3)
  await addTo(shop, 'TRAY', 2)
  await tamper(shop, (db) => db.collection('products').updateOne({ sku: 'MUG' }, { $unset: { name: 1 } }, unchecked))
  expect(await repair(shop)).toHaveLength(2)
  expect((await verifyShop(shop)).differences).toEqual([])
})

test('a product that a killed process left locked is freed and repaired', async () => {
  await using shop = await tradingShop()
  await addTo(shop, 'MUG', 3)
  await tamper(shop, async (db) => {
    const session = db.client.startSession()
    session.startTransaction()
    await db.collection('products').updateOne({ sku: 'MUG' }, { $inc: { quantity: -1 } }, { session })
    const _id = session.id!.id
    await db.collection<LaneDocument>('lanes').insertOne({ _id, since: new Date(0), at: new Date(0) })
    expect(await repair(shop)).toMatchObject([{ sku: 'MUG', change: 3 }])
    await expect(session.commitTransaction()).rejects.toThrow(MongoServerError)
    await session.endSession()
  })
  // Neither the dead lane is left, nor the repair's own: that of the shop alone.
  expect(await read(shop, 'lanes')).toHaveLength(1)
  expect((await verifyShop(shop)).differences).toEqual([])
})

test('a shop that goes on selling is repaired, and sells every unit once', async () => {
  await using shop = await testShop()
  await using other = await testShop({ database: shop.database })
  const rows = Array.from({ length: 8 }, () => aProduct({ quantity: 1000 }))
  const { results } = await shop.caller.products.upsertMany({ rows })
  const ids = results.map(({ id }) => id)
  const wrong = new Map(ids.map((id, index) => [id, index % 2 === 0 ? 7 : -3]))

  const closing = new AbortController()
  const sell = async ({ caller }: TestShop, buyer: number) => {
    const calls: Promise<unknown>[] = []
    for (let turn = 0; !closing.signal.aborted; turn++) {
      const productId = ids[(buyer + turn) % ids.length]!
      const order = caller.orders.create({ userId: `u${buyer}`, productId, quantity: 1 })
      calls.push(order)
      const { id } = await order
      if (turn % 3 === 0) calls.push(caller.orders.cancel({ id }))
      if (turn % 5 === 0) calls.push(caller.products.adjustQuantity({ id: productId, delta: 1, reason: 'found' }))
      if (turn % 7 === 0) calls.push(caller.products.setQuantity({ id: productId, quantity: 900 + turn }))
    }
    return tally(calls)
  }
  const sales = Promise.all(Array.from({ length: 12 }, (_, buyer) => sell(buyer % 2 === 0 ? shop : other, buyer)))

  try {
    for (let round = 0; round < 3; round++) {
      await tamper(shop, (db) =>
        Promise.all(
          Array.from(wrong, ([id, units]) =>
            db.collection('products').updateOne({ _id: new ObjectId(id) }, { $inc: { quantity: units } }),
          ),
        ),
      )
      const { differences } = await verifyShop(shop)
      const corrections = correctionsOf(differences)
      expect(new Map(corrections.map(({ productId, change }) => [productId, change]))).toEqual(wrong)
      expect(await repairShop({ ...shop, corrections })).toEqual(corrections)
      expect((await verifyShop(shop)).differences).toEqual([])
    }
  } finally {
    closing.abort()
  }
  for (const counts of await sales) expect(Object.keys(counts)).toEqual(['ok'])
  expect((await verifyShop(shop)).differences).toEqual([])
  expect(await read(shop, 'movements', { reason: 'repair' })).toHaveLength(24)
})

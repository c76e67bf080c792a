import type { Db } from 'mongodb'
import { ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { VerifyError, verifyShop } from '@stockroom/server'
import type { TestShop } from '@stockroom/server/testing'
import { aProduct, testShop } from './_shop.ts'
import { tamper } from './_tamper.ts'
import { tradingShop } from './_trading-shop.ts'

/** What is found after something was done to the database behind the shop's back. */
async function differencesAfter(shop: TestShop, how: Parameters<typeof tamper>[1]) {
  await tamper(shop, how)
  return (await verifyShop(shop)).differences
}

const unchecked = { bypassDocumentValidation: true }

test('the books of a trading shop are in order', async () => {
  await using shop = await tradingShop()
  expect(await verifyShop(shop)).toEqual({ products: 2, orders: 3, movements: 3, units: 15, differences: [] })
})

test('the books of an empty shop are in order', async () => {
  await using shop = await testShop()
  expect(await verifyShop(shop)).toEqual({ products: 0, orders: 0, movements: 0, units: 0, differences: [] })
})

test('a product without stock has no movement and is in order', async () => {
  await using shop = await testShop()
  await shop.caller.products.create(aProduct({ quantity: 0 }))
  expect(await verifyShop(shop)).toMatchObject({ products: 1, movements: 0, differences: [] })
})

test('a changed quantity is found', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) =>
    db.collection('products').updateOne({ sku: 'MUG' }, { $inc: { quantity: 1 } }),
  )
  expect(found).toEqual([
    { kind: 'quantity', productId: shop.mug.id, sku: 'MUG', moved: 100, ordered: 12, expected: 88, actual: 89 },
  ])
})

test('a quantity that is none is found', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) =>
    db.collection('products').updateOne({ sku: 'MUG' }, { $unset: { quantity: 1 } }, unchecked),
  )
  expect(found).toMatchObject([{ kind: 'quantity', sku: 'MUG', expected: 88, actual: null }])
})

test('a quantity below zero is found, even where the sum is right', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, async (db) => {
    await db.collection('products').updateOne({ sku: 'MUG' }, { $set: { quantity: -3 } }, unchecked)
    await db.collection('movements').insertOne({
      productId: new ObjectId(shop.mug.id),
      change: -91,
      reason: 'set',
      at: new Date(),
    })
  })
  expect(found).toMatchObject([{ kind: 'negative', productId: shop.mug.id, sku: 'MUG', expected: 0, actual: -3 }])
})

test('a deleted order is found by each of its products', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) =>
    db.collection('orders').deleteOne({ _id: new ObjectId(shop.second.id) }),
  )
  expect(found).toMatchObject([
    { kind: 'quantity', sku: 'MUG', ordered: 5, expected: 95, actual: 88 },
    { kind: 'quantity', sku: 'TRAY', ordered: 1, expected: 49, actual: 47 },
  ])
})

test('a deleted movement is found', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) => db.collection('movements').deleteOne({ reason: 'set' }))
  expect(found).toMatchObject([{ kind: 'quantity', sku: 'TRAY', moved: 20, ordered: 3, expected: 17, actual: 47 }])
})

test('a deleted product is found by what names it', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) => db.collection('products').deleteOne({ sku: 'TRAY' }))
  expect(found).toEqual([
    {
      kind: 'unknownProduct',
      productId: shop.tray.id,
      moved: 50,
      ordered: 3,
      expected: null,
      actual: { movements: 2, orderLines: 2 },
    },
  ])
})

test('a changed order total is found', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) =>
    db.collection('orders').updateOne({ _id: new ObjectId(shop.second.id) }, { $inc: { 'total.amount': -1 } }),
  )
  expect(found).toEqual([
    {
      kind: 'orderTotal',
      orderId: shop.second.id,
      expected: { amount: 3748, currency: 'EUR' },
      actual: { amount: 3747, currency: 'EUR' },
    },
  ])
})

test('a changed line is found, by its total and by what it took from stock', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) =>
    db.collection('orders').updateOne({ _id: new ObjectId(shop.second.id) }, { $set: { 'lines.0.quantity': 70 } }),
  )
  expect(found).toMatchObject([
    { kind: 'quantity', sku: 'MUG', ordered: 75, expected: 25, actual: 88 },
    { kind: 'lineTotal', orderId: shop.second.id, sku: 'MUG', expected: { amount: 17_500 }, actual: { amount: 1750 } },
    { kind: 'orderTotal', expected: { amount: 19_498 }, actual: { amount: 3748 } },
  ])
})

test('a changed currency is found', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, (db) =>
    db.collection('orders').updateOne({ _id: new ObjectId(shop.first.id) }, { $set: { 'total.currency': 'USD' } }),
  )
  expect(found).toMatchObject([
    { kind: 'orderTotal', orderId: shop.first.id, expected: { currency: 'EUR' }, actual: { currency: 'USD' } },
  ])
})

/** Bob's order is cancelled, and Ada's paid and refunded, its units kept by her; eve still holds a tray. */
async function returningShop() {
  const shop = await tradingShop()
  const { orders, products } = shop.caller
  await orders.cancel({ id: shop.second.id })
  await orders.pay({ id: shop.first.id })
  await orders.refund({ id: shop.first.id })
  await products.adjustQuantity({ id: shop.mug.id, delta: -4, reason: 'broken' })
  return shop
}

const orderOf = (userId: string) => ({ userId })

test('the books of a shop that cancels, refunds and adjusts are in order', async () => {
  await using shop = await returningShop()
  const { orders } = shop.caller
  const restocked = await orders.create({ userId: 'kim', productId: shop.mug.id, quantity: 3 })
  await orders.pay({ id: restocked.id })
  await orders.refund({ id: restocked.id, restock: true })
  expect(await verifyShop(shop)).toMatchObject({ orders: 4, movements: 4, units: 6, differences: [] })
})

test.for<[string, (db: Db) => Promise<unknown>, object[]]>([
  [
    'a cancellation whose units never came back',
    (db) => db.collection('products').updateOne({ sku: 'MUG' }, { $inc: { quantity: -7 } }),
    [{ kind: 'quantity', sku: 'MUG', moved: 96, ordered: 5, expected: 91, actual: 84 }],
  ],
  [
    'a cancellation whose units came back twice',
    (db) => db.collection('products').updateOne({ sku: 'TRAY' }, { $inc: { quantity: 2 } }),
    [{ kind: 'quantity', sku: 'TRAY', expected: 49, actual: 51 }],
  ],
  [
    'an order that was merely called cancelled',
    (db) => db.collection('orders').updateOne(orderOf('eve'), { $set: { status: 'cancelled' } }),
    [
      { kind: 'orderStatus', expected: 'placed', actual: 'cancelled' },
      { kind: 'stockReturned', status: 'cancelled', expected: true, actual: false },
    ],
  ],
  [
    'a cancellation that was taken back, its units still in stock',
    (db) =>
      db.collection('orders').updateOne(orderOf('bob'), { $set: { status: 'placed' }, $pop: { history: 1 } } as object),
    [{ kind: 'stockReturned', status: 'placed', expected: false, actual: true }],
  ],
  [
    'a cancelled order that holds units still',
    (db) => db.collection('orders').updateOne(orderOf('bob'), { $unset: { stockReturned: 1 } }),
    [
      { kind: 'quantity', sku: 'MUG', expected: 84, actual: 91 },
      { kind: 'quantity', sku: 'TRAY', expected: 47, actual: 49 },
      { kind: 'stockReturned', status: 'cancelled', expected: true, actual: false },
    ],
  ],
  [
    'a refund that gave back what it was to keep',
    (db) => db.collection('products').updateOne({ sku: 'MUG' }, { $inc: { quantity: 5 } }),
    [{ kind: 'quantity', sku: 'MUG', expected: 91, actual: 96 }],
  ],
  [
    'a refund that is said to have given units back, and did not',
    (db) => db.collection('orders').updateOne(orderOf('ada'), { $set: { stockReturned: true } }),
    [{ kind: 'quantity', sku: 'MUG', ordered: 0, expected: 96, actual: 91 }],
  ],
  [
    'a step that the history does not know',
    (db) => db.collection('orders').updateOne(orderOf('ada'), { $pop: { history: 1 } } as object),
    [{ kind: 'orderStatus', expected: 'paid', actual: 'refunded' }],
  ],
  [
    'an adjustment without its movement',
    (db) => db.collection('movements').deleteOne({ reason: 'adjust' }),
    [{ kind: 'quantity', sku: 'MUG', moved: 100, expected: 95, actual: 91 }],
  ],
  [
    'a movement of an adjustment that was never made',
    (db) => db.collection('products').updateOne({ sku: 'MUG' }, { $inc: { quantity: 4 } }),
    [{ kind: 'quantity', sku: 'MUG', moved: 96, expected: 91, actual: 95 }],
  ],
  [
    'an adjustment of another size',
    (db) => db.collection('movements').updateOne({ reason: 'adjust' }, { $set: { change: -3 } }),
    [{ kind: 'quantity', sku: 'MUG', moved: 97, expected: 92, actual: 91 }],
  ],
])('%s is found', async ([, how, differences]) => {
  await using shop = await returningShop()
  expect(await differencesAfter(shop, how)).toMatchObject(differences)
})

test('what is no number or no list does not end the check', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, async (db) => {
    const orders = db.collection('orders')
    await orders.updateOne({ _id: new ObjectId(shop.first.id) }, { $set: { 'lines.0.unitPrice.amount': 'much' } })
    await orders.updateOne({ _id: new ObjectId(shop.second.id) }, { $set: { lines: 'none' } }, unchecked)
    await orders.updateOne(orderOf('eve'), { $unset: { total: 1 }, $set: { history: 'none' } }, unchecked)
    await db.collection('movements').updateOne({ change: 100 }, { $set: { change: 'all' } }, unchecked)
  })
  expect(found.map(({ kind }) => kind).toSorted()).toEqual([
    'lineTotal',
    'orderStatus',
    'orderTotal',
    'orderTotal',
    'orderTotal',
    'quantity',
    'quantity',
    'unknownProduct',
  ])
})

test('everything that differs is listed', async () => {
  await using shop = await testShop()
  const rows = Array.from({ length: 500 }, () => aProduct())
  await shop.caller.products.upsertMany({ rows })
  const found = await differencesAfter(shop, (db) =>
    db.collection('products').updateMany({}, { $inc: { quantity: -1 } }),
  )
  expect(found).toHaveLength(500)
})

test('a shop that goes on selling is checked at one moment', async () => {
  await using shop = await tradingShop()
  const buying = Array.from({ length: 60 }, (_, index) =>
    shop.caller.orders.create({ userId: `u${index}`, productId: shop.mug.id, quantity: 1 }),
  )
  const checks = await Promise.all([verifyShop(shop), verifyShop(shop), verifyShop(shop)])
  await Promise.all(buying)
  expect(checks.flatMap(({ differences }) => differences)).toEqual([])
  expect(await verifyShop(shop)).toMatchObject({ orders: 63, units: 75, differences: [] })
})

test('a database without a shop, a server that is away and a wrong address each say so', async () => {
  await using shop = await testShop()
  await expect(verifyShop({ uri: shop.uri, database: 'not-there' })).rejects.toThrow(
    'no shop in the database "not-there"',
  )
  const away = 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=200'
  await expect(verifyShop({ uri: away })).rejects.toThrow(VerifyError)
  await expect(verifyShop({ uri: 'http://localhost' })).rejects.toThrow(VerifyError)
})

import { ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import { VerifyError, verifyShop } from '@stockroom/server'
import type { TestShop } from '@stockroom/server/testing'
import { aProduct, testShop } from './_shop.ts'
import { tamper } from './_tamper.ts'

/** Two products, three orders, one change of stock: mug 100 - 5 - 7 = 88, tray 20 -> 50 - 3 = 47. */
async function tradingShop() {
  const test = await testShop()
  const { products, orders } = test.caller
  const mug = await products.create(aProduct({ sku: 'MUG', price: { amount: 250, currency: 'EUR' }, quantity: 100 }))
  const tray = await products.create(aProduct({ sku: 'TRAY', price: { amount: 999, currency: 'EUR' }, quantity: 20 }))
  await products.setQuantity({ id: tray.id, quantity: 50 })
  const first = await orders.create({ userId: 'ada', productId: mug.id, quantity: 5 })
  const second = await orders.create({
    userId: 'bob',
    lines: [
      { productId: mug.id, quantity: 7 },
      { productId: tray.id, quantity: 2 },
    ],
  })
  await orders.create({ userId: 'eve', productId: tray.id, quantity: 1 })
  return Object.assign(test, { mug, tray, first, second })
}

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

test('what is no number or no list does not end the check', async () => {
  await using shop = await tradingShop()
  const found = await differencesAfter(shop, async (db) => {
    const orders = db.collection('orders')
    await orders.updateOne({ _id: new ObjectId(shop.first.id) }, { $set: { 'lines.0.unitPrice.amount': 'much' } })
    await orders.updateOne({ _id: new ObjectId(shop.second.id) }, { $set: { lines: 'none' } }, unchecked)
    await db.collection('movements').updateOne({ change: 100 }, { $set: { change: 'all' } }, unchecked)
  })
  expect(found.map(({ kind }) => kind).toSorted()).toEqual([
    'lineTotal',
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

import type { ListOrders, OrderStatus } from '@stockroom/contracts'
import type { TestShop } from '@stockroom/server/testing'
import type { Document } from 'mongodb'
import { MongoClient, ObjectId } from 'mongodb'
import { describe, expect, test } from 'vitest'
import type { OrderDocument } from '../src/collections/orders.ts'
import { ordersName } from '../src/collections/orders.ts'
import { orderFilter } from '../src/domain/order-filter.ts'
import { testShop } from './_shop.ts'

const LIMIT = 20

const users = ['ada', 'bob', 'eve']
const statuses: OrderStatus[] = ['placed', 'paid', 'fulfilled', 'cancelled', 'refunded']
const products = Array.from({ length: 7 }, (_, n) => new ObjectId(`0a${String(n).padStart(22, '0')}`))
const start = Date.parse('2026-03-01T12:00:00.000Z')

const idOf = (product: number) => products[product]!.toHexString()
const cyclic = <Item>(items: readonly Item[], n: number) => items[n % items.length]!
/** When the nth order was made: two are of the same moment, and two moments of the same second. */
const timeOf = (n: number) => new Date(start + Math.floor(n / 2) * 500)
const textOf = (n: number) => timeOf(n).toISOString()
/** As a clock in Rome has it in winter. */
const inRome = (time: Date) => new Date(time.getTime() + 3_600_000).toISOString().replace('Z', '+01:00')

/** The nth order, of two products. It got its id up to a minute before it got its time, as in a busy shop. */
function order(n: number): OrderDocument {
  const seconds = Math.floor(timeOf(n).getTime() / 1000) - cyclic([0, 1, 20, 60], n)
  const status = cyclic(statuses, n >> 1)
  const price = { amount: 100, currency: 'EUR' as const }
  const line = { sku: 'MUG', name: 'Mug', unitPrice: price, quantity: 1, total: price }
  const lines = [n, n + 1].map((product) => ({ productId: cyclic(products, product), ...line }))
  return {
    _id: new ObjectId(seconds.toString(16).padStart(8, '0') + n.toString(16).padStart(16, '0')),
    userId: cyclic(users, n),
    lines,
    total: { amount: 200, currency: 'EUR' },
    status,
    history: [{ _id: new ObjectId(), status, at: timeOf(n) }],
    createdAt: timeOf(n),
  }
}

/** A shop that has so many orders, and a look at its database. */
async function shopOf(count: number) {
  const shop = await testShop()
  const client = new MongoClient(shop.uri)
  const db = client.db(shop.database)
  const orders = Array.from({ length: count }, (_, n) => order(n))
  await db.collection<OrderDocument>(ordersName).insertMany(orders, { writeConcern: { w: 'majority' } })
  return {
    list: shop.caller.orders.list,
    db,
    /** Oldest first. */
    orders: orders.toSorted((a, b) => (a._id.toHexString() < b._id.toHexString() ? -1 : 1)),
    async [Symbol.asyncDispose]() {
      await client.close()
      await shop[Symbol.asyncDispose]()
    },
  }
}

/** The ids of each page, from the first to the last. */
async function pages(list: TestShop['caller']['orders']['list'], input: ListOrders): Promise<string[][]> {
  const { items, nextCursor } = await list(input)
  const ids = items.map(({ id }) => id)
  return nextCursor === null ? [ids] : [ids, ...(await pages(list, { ...input, cursor: nextCursor }))]
}

const filters: [string, ListOrders, (order: OrderDocument) => boolean][] = [
  ['no filter', {}, () => true],
  ['a user', { userId: 'bob' }, ({ userId }) => userId === 'bob'],
  ['a status', { status: 'paid' }, ({ status }) => status === 'paid'],
  ['a product', { productId: idOf(3) }, ({ lines }) => lines.some(({ productId }) => productId.equals(products[3]))],
  [
    'a product in capitals',
    { productId: idOf(3).toUpperCase() },
    ({ lines }) => lines.some(({ productId }) => productId.equals(products[3])),
  ],
  ['the moment it begins with', { from: textOf(31) }, ({ createdAt }) => createdAt >= timeOf(31)],
  ['the moment it ends before', { to: textOf(90) }, ({ createdAt }) => createdAt < timeOf(90)],
  [
    'a time',
    { from: textOf(31), to: textOf(90) },
    ({ createdAt }) => createdAt >= timeOf(31) && createdAt < timeOf(90),
  ],
  [
    'all of them',
    { userId: 'ada', status: 'placed', productId: idOf(0), from: textOf(11), to: textOf(200) },
    ({ userId, status, lines, createdAt }) =>
      userId === 'ada' &&
      status === 'placed' &&
      lines.some(({ productId }) => productId.equals(products[0])) &&
      createdAt >= timeOf(11) &&
      createdAt < timeOf(200),
  ],
]

describe('a list of orders', () => {
  test.for(filters)(
    'by %s has exactly those, once each and in order, both ways and in pages of any size',
    async ([, filter, isWanted]) => {
      await using shop = await shopOf(240)
      const oldest = shop.orders.filter(isWanted).map(({ _id }) => _id.toHexString())
      expect(oldest.length).toBeGreaterThan(0)
      for (const limit of [1, 7, oldest.length, 1000]) {
        for (const [sort, ids] of [
          ['oldest', oldest],
          ['newest', oldest.toReversed()],
        ] as const) {
          const all = await pages(shop.list, { ...filter, sort, limit })
          expect(all.flat()).toEqual(ids)
          expect(all).toHaveLength(Math.ceil(ids.length / limit))
        }
      }
      expect((await pages(shop.list, filter)).flat()).toEqual(oldest)
    },
  )

  test('of a time has the orders of its first moment, and none of the moment it ends with', async () => {
    await using shop = await shopOf(12)
    const times = async (input: ListOrders) =>
      (await shop.list(input)).items.map(({ createdAt }) => createdAt.getTime()).toSorted((a, b) => a - b)
    const [from, to] = [timeOf(4), timeOf(8)]
    const whole = { from: from.toISOString(), to: to.toISOString() }
    expect(await times(whole)).toEqual([4, 5, 6, 7].map((n) => timeOf(n).getTime()))
    const after = new Date(from.getTime() + 1).toISOString()
    expect(await times({ ...whole, from: after })).toEqual([6, 7].map((n) => timeOf(n).getTime()))
    const later = new Date(to.getTime() + 1).toISOString()
    expect(await times({ ...whole, to: later })).toEqual([4, 5, 6, 7, 8, 9].map((n) => timeOf(n).getTime()))
    expect(await times({ from: inRome(from), to: inRome(to) })).toEqual(await times(whole))
    expect(await times({ from: whole.from, to: whole.from })).toEqual([])
    expect(await times({ from: whole.to, to: whole.from })).toEqual([])
  })

  test('is whole for times far off, and empty beyond them', async () => {
    await using shop = await shopOf(12)
    const [early, late] = ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z']
    expect((await shop.list({ from: early, to: late })).items).toHaveLength(12)
    expect((await shop.list({ to: early })).items).toEqual([])
    expect((await shop.list({ from: late })).items).toEqual([])
  })

  test('is empty for a user, and for a product, that no order has', async () => {
    await using shop = await shopOf(12)
    for (const filter of [{ userId: 'nobody' }, { productId: 'f'.repeat(24) }, { productId: 'a mug' }]) {
      expect(await shop.list(filter)).toEqual({ items: [], nextCursor: null })
    }
  })
})

test('a page ends early where its orders have more lines than one answer should hold', async () => {
  await using shop = await shopOf(12)
  const lines = Array.from({ length: 2000 }, () => order(0).lines[0]!)
  await shop.db
    .collection<OrderDocument>(ordersName)
    .updateMany({}, { $set: { lines } }, { writeConcern: { w: 'majority' } })
  const first = await shop.list({ limit: 1000 })
  expect(first.items).toHaveLength(10)
  const second = await shop.list({ limit: 1000, cursor: first.nextCursor! })
  expect(second.nextCursor).toBeNull()
  const listed = [...first.items, ...second.items].map(({ id }) => id)
  expect(listed).toEqual(shop.orders.map(({ _id }) => _id.toHexString()))
})

test('a page reads no more than it shows and one more, however deep in 5,000 orders it is', async () => {
  await using shop = await shopOf(5000)
  for (const filter of [{}, { userId: 'bob' }, { status: 'paid' as const }, { productId: idOf(3) }]) {
    const count = (await pages(shop.list, { ...filter, limit: 1000 })).flat().length
    for (const sort of ['oldest', 'newest'] as const) {
      for (const skip of [undefined, LIMIT, count >> 1, count - 2 * LIMIT]) {
        const input: ListOrders = { ...filter, sort }
        // The page behind so many orders, as its cursor says.
        const cursor = skip && (await shop.list({ ...input, skip: skip - 1, limit: 1 })).nextCursor!
        const read = await examined(shop.db, cursor ? { ...input, cursor } : input)
        expect({ filter, sort, skip, ...read }).toEqual({
          filter,
          sort,
          skip,
          nReturned: LIMIT + 1,
          keys: expect.toSatisfy((keys: number) => keys <= LIMIT + 1, 'at most what is shown, and one more'),
          documents: LIMIT + 1,
        })
      }
    }
  }
})

/** What MongoDB reads for a page, by its own account of the find that makes it. */
async function examined(db: Awaited<ReturnType<typeof shopOf>>['db'], input: ListOrders) {
  const find = {
    find: ordersName,
    filter: orderFilter(input),
    sort: { _id: input.sort === 'newest' ? -1 : 1 },
    limit: LIMIT + 1,
  }
  const { executionStats } = await db.command({ explain: find, verbosity: 'executionStats' })
  const { nReturned, totalKeysExamined, totalDocsExamined } = executionStats as Document
  return { nReturned, keys: totalKeysExamined as number, documents: totalDocsExamined as number }
}

import type { Cursor } from '@stockroom/contracts'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'
import { refusal } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

interface Page {
  items: { id: string }[]
  nextCursor: z.infer<typeof Cursor> | null
}

const encoded = (text: string) => Buffer.from(text).toString('base64url')

/** All pages of a list, one after the other. */
async function pages(list: (input: { cursor?: string; limit: number }) => Promise<Page>, limit: number) {
  const all: string[][] = []
  let cursor: string | null | undefined
  do {
    const page = await list(cursor ? { cursor, limit } : { limit })
    all.push(page.items.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return all
}

/** A shop with so many products and as many orders, and their ids in the order they were made. */
async function filledShop(count: number) {
  const shop = await testShop()
  const { results } = await shop.caller.products.upsertMany({ rows: Array.from({ length: count }, () => aProduct()) })
  const productIds = results.map(({ id }) => id)
  const orders = await Promise.all(
    productIds.map((productId) => shop.caller.orders.create({ userId: 'ada', productId, quantity: 1 })),
  )
  return { ...shop, productIds, orderIds: orders.map(({ id }) => id) }
}

describe('a list', () => {
  test('of an empty shop is empty', async () => {
    await using test = await testShop()
    for (const list of [test.caller.products.list, test.caller.orders.list]) {
      expect(await list()).toEqual({ items: [], nextCursor: null })
      expect(await list({})).toEqual({ items: [], nextCursor: null })
      expect(await list({ limit: 1 })).toEqual({ items: [], nextCursor: null })
    }
  })

  test('shows everything once and oldest first, in pages of any size', async () => {
    await using test = await filledShop(12)
    const lists = [
      [test.caller.products.list, test.productIds],
      [test.caller.orders.list, test.orderIds],
    ] as const
    for (const [list, ids] of lists) {
      for (const limit of [1, 5, 6, 11, 12, 13, 1000]) {
        const all = await pages(list, limit)
        expect(all.flat()).toEqual(ids)
        expect(all.map((page) => page.length)).toEqual(
          all.map((_, index) => (index < all.length - 1 ? limit : ids.length - limit * index)),
        )
        expect(all).toHaveLength(Math.ceil(ids.length / limit))
      }
    }
  })

  test('goes on behind its cursor with what was added since', async () => {
    await using test = await filledShop(3)
    const { nextCursor } = await test.caller.products.list({ limit: 2 })
    const added = await test.caller.products.create(aProduct())
    const rest = await test.caller.products.list({ cursor: nextCursor! })
    expect(rest.items.map(({ id }) => id)).toEqual([test.productIds[2], added.id])
  })

  test('shows a page behind a cursor as it is now', async () => {
    await using test = await filledShop(3)
    const { nextCursor } = await test.caller.products.list({ limit: 2 })
    const changed = await test.caller.products.setQuantity({ id: test.productIds[2]!, quantity: 7 })
    expect(await test.caller.products.list({ cursor: nextCursor! })).toEqual({ items: [changed], nextCursor: null })
  })

  test('of orders can be skipped into', async () => {
    await using test = await filledShop(5)
    const ids = async (input: { skip?: number; limit?: number; cursor?: string }) =>
      (await test.caller.orders.list(input)).items.map(({ id }) => id)
    expect(await ids({ skip: 2 })).toEqual(test.orderIds.slice(2))
    expect(await ids({ skip: 1, limit: 2 })).toEqual(test.orderIds.slice(1, 3))
    expect(await ids({ skip: 5 })).toEqual([])
    expect(await ids({ skip: Number.MAX_SAFE_INTEGER })).toEqual([])
    const { nextCursor } = await test.caller.orders.list({ limit: 2 })
    expect(await ids({ cursor: nextCursor!, skip: 1 })).toEqual(test.orderIds.slice(3))
  })

  test('of orders ends at 100 unless it is told otherwise', async () => {
    await using test = await filledShop(101)
    const first = await test.caller.orders.list()
    expect(first.items).toHaveLength(100)
    const { items, nextCursor } = await test.caller.orders.list({ cursor: first.nextCursor! })
    expect([items.map(({ id }) => id), nextCursor]).toEqual([test.orderIds.slice(100), null])
    expect((await test.caller.orders.list({ limit: 1000 })).items).toHaveLength(101)
  })
})

describe('a cursor', () => {
  test('is refused where it is none of this list', async () => {
    await using test = await filledShop(2)
    const { products, orders } = test.caller
    const [ofProducts, ofOrders] = [
      (await products.list({ limit: 1 })).nextCursor!,
      (await orders.list({ limit: 1 })).nextCursor!,
    ]
    const noCursors = [
      'x',
      'products',
      '😀',
      encoded('products:'),
      encoded('products:1'),
      encoded(':'),
      test.productIds[0]!,
    ]
    for (const cursor of [...noCursors, ofOrders, `${ofProducts}A`, `${ofProducts}=`, ` ${ofProducts}`]) {
      expect([cursor, await refusal(products.list({ cursor }))]).toEqual([
        cursor,
        { code: 'INVALID_CURSOR', details: {} },
      ])
    }
    for (const cursor of [...noCursors, ofProducts, encoded(`orders:${test.orderIds[0]}:more`)]) {
      expect([cursor, await refusal(orders.list({ cursor }))]).toEqual([
        cursor,
        { code: 'INVALID_CURSOR', details: {} },
      ])
    }
  })

  test('is refused as not valid where it is empty or endless', async () => {
    await using test = await testShop()
    for (const cursor of ['', 'a'.repeat(257)]) {
      const notValid = { code: 'VALIDATION', details: { issues: [{ loc: ['cursor'] }] } }
      expect(await refusal(test.caller.products.list({ cursor }))).toMatchObject(notValid)
      expect(await refusal(test.caller.orders.list({ cursor }))).toMatchObject(notValid)
    }
  })
})

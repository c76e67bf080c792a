import { describe, expect, test } from 'vitest'
import { books } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

describe('oversell', () => {
  test.for(Array.from({ length: 20 }, (_, round) => round))('1,000 buyers for 100 units, round %i', async () => {
    await using shop = await testShop()
    const { id, sku } = await shop.caller.products.create(aProduct({ quantity: 100 }))
    const outcomes = await Promise.allSettled(
      Array.from({ length: 1000 }, (_, buyer) =>
        shop.caller.orders.create({ userId: `buyer-${buyer}`, productId: id, quantity: 1 }),
      ),
    )
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(outcomes.length - refused.length).toBe(100)
    expect(refused.every((outcome) => outcome.reason.cause.code === 'OUT_OF_STOCK')).toBe(true)
    expect((await shop.caller.products.byId({ id })).quantity).toBe(0)
    expect(await books(shop)).toEqual([{ sku, quantity: 0, moved: 100, ordered: 100 }])
  })
})

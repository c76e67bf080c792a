import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '@stockroom/contracts'
import { verifyShop } from '@stockroom/server'
import { aProduct, testShop } from './_shop.ts'

const refusal = (code: ErrorCode) => expect.objectContaining({ cause: expect.objectContaining({ code }) })

describe('an idempotency key', () => {
  test('makes one order of 50 equal calls at once, and gives all the same answer', async () => {
    await using shop = await testShop()
    const { id } = await shop.caller.products.create(aProduct({ quantity: 10 }))
    const input = { userId: 'ada', productId: id, quantity: 2, idempotencyKey: 'click-0001' }
    const answers = await Promise.all(Array.from({ length: 50 }, () => shop.caller.orders.create(input)))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect((await shop.caller.products.byId({ id })).quantity).toBe(8)
    expect((await shop.caller.orders.list()).items).toHaveLength(1)
  })

  test('refuses another input, whichever form it has', async () => {
    await using shop = await testShop()
    const { id } = await shop.caller.products.create(aProduct())
    const first = { userId: 'ada', productId: id, quantity: 2, idempotencyKey: 'click-0001' }
    const order = await shop.caller.orders.create(first)
    const { productId: _, quantity: __, ...rest } = first
    const again = await shop.caller.orders.create({
      ...rest,
      lines: [
        { productId: id, quantity: 1 },
        { productId: id, quantity: 1 },
      ],
    })
    expect(again).toEqual(order)
    await expect(shop.caller.orders.create({ ...first, quantity: 3 })).rejects.toEqual(
      refusal('IDEMPOTENCY_KEY_REUSED'),
    )
    await expect(shop.caller.orders.cancel({ id: order.id, idempotencyKey: 'click-0001' })).rejects.toEqual(
      refusal('IDEMPOTENCY_KEY_REUSED'),
    )
  })

  test('belongs to one user: another with the same key places an order of their own', async () => {
    await using shop = await testShop()
    const { id } = await shop.caller.products.create(aProduct())
    const place = (userId: string) =>
      shop.caller.orders.create({ userId, productId: id, quantity: 1, idempotencyKey: 'click-0001' })
    const [adas, bobs] = await Promise.all([place('ada'), place('bob')])
    expect(adas.id).not.toBe(bobs.id)
    expect(bobs.userId).toBe('bob')
  })

  test('belongs to who calls where that is known, whoever the order or the adjustment is for', async () => {
    await using shop = await testShop()
    const { id } = await shop.caller.products.create(aProduct({ quantity: 10 }))
    const key = { idempotencyKey: 'click-0001' }
    const placed = { userId: 'ada', productId: id, quantity: 1, ...key }
    const adjusted = { id, delta: -2, reason: 'breakage', ...key }
    for (const principal of ['till-1', 'till-2', 'till-1']) {
      await shop.shop.orders.create(placed, { principal })
      await shop.shop.products.adjustQuantity(adjusted, { principal })
    }
    expect((await shop.caller.orders.list()).items).toHaveLength(2)
    expect((await shop.caller.products.byId({ id })).quantity).toBe(10 - 2 * 1 - 2 * 2)
  })

  test('replays the order as it was at that step, whatever became of it', async () => {
    await using shop = await testShop()
    const { id } = await shop.caller.products.create(aProduct())
    const input = { userId: 'ada', productId: id, quantity: 1, idempotencyKey: 'click-0001' }
    const placed = await shop.caller.orders.create(input)
    const pay = { id: placed.id, idempotencyKey: 'pay-000001' }
    const paid = await shop.caller.orders.pay(pay)
    await shop.caller.orders.cancel({ id: placed.id, reason: 'changed my mind' })
    expect(await shop.caller.orders.create(input)).toEqual(placed)
    expect(await shop.caller.orders.pay(pay)).toEqual(paid)
  })

  test('adjusts a quantity once, and answers with the product as it was then', async () => {
    await using shop = await testShop()
    const { id } = await shop.caller.products.create(aProduct({ quantity: 10 }))
    const input = { id, delta: -3, reason: 'breakage', idempotencyKey: 'adjust-001' }
    const answers = await Promise.all(Array.from({ length: 20 }, () => shop.caller.products.adjustQuantity(input)))
    await shop.caller.products.setQuantity({ id, quantity: 50 })
    answers.push(await shop.caller.products.adjustQuantity(input))
    for (const answer of answers) expect(answer).toEqual(answers[0])
    expect(answers[0]!.quantity).toBe(7)
    await expect(shop.caller.products.adjustQuantity({ ...input, delta: -4 })).rejects.toEqual(
      refusal('IDEMPOTENCY_KEY_REUSED'),
    )
    expect((await verifyShop({ uri: shop.uri, database: shop.database })).differences).toEqual([])
  })
})

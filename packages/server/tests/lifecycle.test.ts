import { describe, expect, test } from 'vitest'
import { verifyShop } from '@stockroom/server'
import { aProduct, testShop } from './_shop.ts'
import { tamper } from './_tamper.ts'
import { tradingShop } from './_trading-shop.ts'

const refusal = (code: string, details = {}) =>
  expect.objectContaining({ cause: expect.objectContaining({ code, details: expect.objectContaining(details) }) })

async function placed() {
  const shop = await testShop()
  const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 10 }))
  const order = await shop.caller.orders.create({ userId: 'ada', productId, quantity: 4 })
  const onHand = async () => (await shop.caller.products.byId({ id: productId })).quantity
  const differences = async () => (await verifyShop({ uri: shop.uri, database: shop.database })).differences
  return { ...shop, productId, order, onHand, differences, [Symbol.asyncDispose]: () => shop[Symbol.asyncDispose]() }
}

describe('the life of an order', () => {
  test('is placed, paid, fulfilled, refunded, and its history says when and why', async () => {
    await using shop = await placed()
    const { id } = shop.order
    await shop.caller.orders.pay({ id })
    await shop.caller.orders.fulfil({ id, reason: 'parcel 17' })
    const order = await shop.caller.orders.refund({ id, reason: 'broken on arrival' })
    expect(order.status).toBe('refunded')
    expect(order.history.map(({ status, reason }) => [status, reason])).toEqual([
      ['placed', undefined],
      ['paid', undefined],
      ['fulfilled', 'parcel 17'],
      ['refunded', 'broken on arrival'],
    ])
    expect(await shop.onHand()).toBe(6)
    expect(await shop.differences()).toEqual([])
    expect(await shop.caller.orders.byId({ id })).toEqual(order)
  })

  test('20 cancels at once return every unit once', async () => {
    await using shop = await placed()
    const cancels = Array.from({ length: 20 }, () => shop.caller.orders.cancel({ id: shop.order.id }))
    for (const order of await Promise.all(cancels)) expect(order.status).toBe('cancelled')
    expect(await shop.onHand()).toBe(10)
    expect(await shop.differences()).toEqual([])
  })

  test('can be cancelled where a product of it is no more; the others get their units back', async () => {
    await using shop = await tradingShop()
    await tamper(shop, (db) => db.collection('products').deleteOne({ sku: 'MUG' }))
    expect((await shop.caller.orders.cancel({ id: shop.second.id })).status).toBe('cancelled')
    expect((await shop.caller.products.byId({ id: shop.tray.id })).quantity).toBe(49)
  })

  test('a refund restocks only if asked', async () => {
    await using shop = await placed()
    await shop.caller.orders.pay({ id: shop.order.id })
    await shop.caller.orders.refund({ id: shop.order.id, restock: true })
    expect(await shop.onHand()).toBe(10)
    expect(await shop.differences()).toEqual([])
  })

  test('an illegal move says from where, to where, and what is allowed', async () => {
    await using shop = await placed()
    const { id } = shop.order
    await expect(shop.caller.orders.fulfil({ id })).rejects.toEqual(
      refusal('INVALID_TRANSITION', { from: 'placed', to: 'fulfilled', allowed: ['paid', 'cancelled'] }),
    )
    await shop.caller.orders.pay({ id })
    await shop.caller.orders.fulfil({ id })
    await expect(shop.caller.orders.cancel({ id })).rejects.toEqual(
      refusal('INVALID_TRANSITION', { from: 'fulfilled', to: 'cancelled', allowed: ['refunded'] }),
    )
    await expect(shop.caller.orders.pay({ id: 'nope' })).rejects.toEqual(refusal('ORDER_NOT_FOUND'))
  })
})

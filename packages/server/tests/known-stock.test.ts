import { expect, test } from 'vitest'
import { books, refusal, tally, wrongBooks } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

/** Two shops on one database, as two processes have them, and a product that the first has just sold. */
async function twoShopsThatSell(quantity: number) {
  await using stack = new AsyncDisposableStack()
  const here = stack.use(await testShop())
  const there = stack.use(await testShop({ database: here.database }))
  const row = aProduct({ quantity })
  const { id } = await here.caller.products.create(row)
  const order = (shop: typeof here) => shop.caller.orders.create({ userId: 'ada', productId: id, quantity: 1 })
  await order(here)
  const open = stack.move()
  return { here, there, row, id, order, [Symbol.asyncDispose]: () => open.disposeAsync() }
}

test('an order pays the price that another process has just set', async () => {
  await using shops = await twoShopsThatSell(10)
  const { here, there, row, order } = shops
  const price = { amount: 777, currency: 'EUR' } as const
  await there.caller.products.upsertMany({ rows: [{ ...row, name: 'Renamed', price }] })
  expect(await order(here)).toMatchObject({ total: price, lines: [{ name: 'Renamed', unitPrice: price }] })
})

test('an order gets the unit that another process has just put in', async () => {
  await using shops = await twoShopsThatSell(1)
  const { here, there, id, order } = shops
  expect((await refusal(order(here))).code).toBe('OUT_OF_STOCK')
  await there.caller.products.adjustQuantity({ id, delta: 1, reason: 'found one' })
  expect(await order(here)).toMatchObject({ status: 'placed' })
})

test('an order does not get the unit that another process has just sold', async () => {
  await using shops = await twoShopsThatSell(2)
  const { here, there, row, order } = shops
  await order(there)
  expect(await refusal(order(here))).toMatchObject({
    code: 'OUT_OF_STOCK',
    details: { products: [{ available: 0 }] },
  })
  expect(await books(here)).toEqual([{ sku: row.sku, quantity: 0, moved: 2, ordered: 2 }])
})

test('what the process shows after its orders is what the database holds, whoever else sells', async () => {
  await using shops = await twoShopsThatSell(1000)
  const { here, there, id, order } = shops
  const orders = Array.from({ length: 200 }, (_, n) => order(n % 2 ? here : there))
  expect(await tally(orders)).toEqual({ ok: 200 })
  await order(here)
  expect(await here.caller.products.byId({ id })).toMatchObject({ quantity: 798, revision: 203 })
  expect(await wrongBooks(here)).toEqual([])
})

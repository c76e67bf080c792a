import { aProduct, testShop } from './_shop.ts'

/** Two products, three orders, one change of stock: mug 100 - 5 - 7 = 88, tray 20 -> 50 - 3 = 47. */
export async function tradingShop() {
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

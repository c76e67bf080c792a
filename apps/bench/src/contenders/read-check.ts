import { onJob } from '../child.ts'
import type { Store, Wanted } from './express-shop.ts'
import { expressShop, Refusal } from './express-shop.ts'
import { orderOf } from './documents.ts'

/** Read, check, insert, decrement: four lines that everyone has written, and that oversell when stock runs short. */
async function place({ products, orders }: Store, { productId, userId, quantity }: Wanted) {
  const product = await products.findOne({ _id: productId })
  if (!product) throw new Refusal(404, 'PRODUCT_NOT_FOUND')
  if (product.quantity < quantity) throw new Refusal(400, 'OUT_OF_STOCK')
  const order = orderOf(product, userId, quantity)
  await orders.insertOne(order)
  await products.updateOne({ _id: productId }, { $inc: { quantity: -quantity } })
  return order
}

onJob(expressShop(place))

import { onJob } from '../child.ts'
import type { Store, Wanted } from './express-shop.ts'
import { expressShop, Refusal } from './express-shop.ts'
import { orderOf } from './documents.ts'

/** One transaction for each order, as the driver's documentation advises: the guard is in the filter. */
async function place({ client, products, orders }: Store, { productId, userId, quantity }: Wanted) {
  return client.withSession((session) =>
    session.withTransaction(
      async () => {
        const product = await products.findOneAndUpdate(
          { _id: productId, quantity: { $gte: quantity } },
          { $inc: { quantity: -quantity } },
          { session },
        )
        if (!product) throw new Refusal(400, 'OUT_OF_STOCK')
        const order = orderOf(product, userId, quantity)
        await orders.insertOne(order, { session })
        return order
      },
      { readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority', wtimeoutMS: 5000 } },
    ),
  )
}

onJob(expressShop(place))

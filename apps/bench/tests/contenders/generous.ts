import { onJob } from '../../src/child.ts'
import { expressShop } from '../../src/contenders/express-shop.ts'
import { orderOf } from '../../src/contenders/documents.ts'

/** Stores every order, and takes nothing from stock. */
onJob(
  expressShop(async ({ products, orders }, { productId, userId, quantity }) => {
    const order = orderOf((await products.findOne({ _id: productId }))!, userId, quantity)
    await orders.insertOne(order)
    return order
  }),
)

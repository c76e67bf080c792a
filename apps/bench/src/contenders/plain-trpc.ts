import { createServer } from 'node:http'
import { ListProducts, MAX_PAGE, OrderById, ProductById } from '@stockroom/contracts'
import { initTRPC, TRPCError } from '@trpc/server'
import { createExpressMiddleware } from '@trpc/server/adapters/express'
import express from 'express'
import { MongoClient, ObjectId } from 'mongodb'
import superjson from 'superjson'
import { onJob } from '../child.ts'
import type { ServerJob } from '../contenders.ts'
import type { StoredOrder, StoredProduct } from './documents.ts'
import { clientOptions } from './documents.ts'
import { listen } from './listen.ts'

/**
 * tRPC by its own Express adapter, with superjson: products from an array that is read once, when it starts, so that
 * no change is ever seen; an order by one `findOne`. Inputs are checked, outputs are not.
 */
onJob(async ({ uri, database }: ServerJob) => {
  const client = await new MongoClient(uri, clientOptions).connect()
  const orders = client.db(database).collection<StoredOrder>('orders')
  const stored = client.db(database).collection<StoredProduct>('products')
  const products = (await stored.find().sort({ _id: 1 }).toArray()).map(withId)
  const productById = new Map(products.map((product) => [product.id, product]))

  const { router, procedure } = initTRPC.create({ transformer: superjson })
  const shop = router({
    products: router({
      list: procedure.input(ListProducts.optional()).query(({ input }) => {
        const items = products.slice(0, input?.limit ?? MAX_PAGE)
        return { items, nextCursor: items.length < products.length ? items.at(-1)!.id : null }
      }),
      byId: procedure.input(ProductById).query(({ input }) => productById.get(input.id) ?? notFound()),
    }),
    orders: router({
      byId: procedure.input(OrderById).query(async ({ input }) => {
        const order = await orders.findOne({ _id: new ObjectId(input.id) })
        return order ? { ...withId(order), lines: order.lines.map(lineOf) } : notFound()
      }),
    }),
  })
  return await listen(createServer(express().use('/trpc', createExpressMiddleware({ router: shop }))))
})

function withId<Stored extends { _id: ObjectId }>({ _id, ...rest }: Stored) {
  return { id: _id.toHexString(), ...rest }
}

function lineOf({ productId, ...line }: StoredOrder['lines'][number]) {
  return { productId: productId.toHexString(), ...line }
}

function notFound(): never {
  throw new TRPCError({ code: 'NOT_FOUND' })
}

import { createServer } from 'node:http'
import { MAX_PAGE } from '@stockroom/contracts'
import type { RequestHandler } from 'express'
import express from 'express'
import { MongoClient, ObjectId } from 'mongodb'
import { onJob } from '../child.ts'
import type { ServerJob } from '../contenders.ts'
import type { StoredOrder, StoredProduct } from './documents.ts'
import { clientOptions } from './documents.ts'
import { listen } from './listen.ts'
import { shownOrder, shownPage, shownProduct } from './shown.ts'

/** Express and `res.json`, each answer read from the database: a `find` for the list, one `findOne` for an id. */
onJob(async ({ uri, database }: ServerJob) => {
  const client = await new MongoClient(uri, clientOptions).connect()
  const products = client.db(database).collection<StoredProduct>('products')
  const orders = client.db(database).collection<StoredOrder>('orders')

  const list: RequestHandler = async (_request, response) => {
    const page = products
      .find()
      .sort({ _id: 1 })
      .limit(MAX_PAGE + 1)
    response.json(shownPage(await page.toArray(), MAX_PAGE))
  }
  const product: RequestHandler<{ id: string }> = async (request, response) => {
    const found = await products.findOne({ _id: new ObjectId(request.params.id) })
    if (found) response.json({ message: 'Product found', product: shownProduct(found) })
    else response.status(404).json({ detail: 'Product not found' })
  }
  const order: RequestHandler<{ id: string }> = async (request, response) => {
    const found = await orders.findOne({ _id: new ObjectId(request.params.id) })
    if (found) response.json({ message: 'Order found', order: shownOrder(found) })
    else response.status(404).json({ detail: 'Order not found' })
  }

  // oxlint-disable oxc/no-async-endpoint-handlers -- Express 5 waits for them
  const app = express().get('/products', list).get('/products/:id', product).get('/orders/:id', order)
  return await listen(createServer(app))
})

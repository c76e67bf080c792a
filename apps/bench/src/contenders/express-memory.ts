import { createServer } from 'node:http'
import { MAX_PAGE } from '@stockroom/contracts'
import express from 'express'
import { MongoClient } from 'mongodb'
import { onJob } from '../child.ts'
import type { ServerJob } from '../contenders.ts'
import type { StoredProduct } from './documents.ts'
import { clientOptions } from './documents.ts'
import { listen } from './listen.ts'
import { shownPage, shownProduct } from './shown.ts'

/** Express and `res.json`, with all products read once, when it starts: no change is ever seen. */
onJob(async ({ uri, database }: ServerJob) => {
  await using client = await new MongoClient(uri, clientOptions).connect()
  const stored = client.db(database).collection<StoredProduct>('products')
  const products = await stored.find().sort({ _id: 1 }).toArray()
  const page = shownPage(products, MAX_PAGE)
  const byId = new Map(products.map((product) => [product._id.toHexString(), shownProduct(product)]))
  const app = express()
  app.get('/products', (_request, response) => void response.json(page))
  app.get('/products/:id', (request, response) => {
    const product = byId.get(request.params.id)
    if (product) response.json({ message: 'Product found', product })
    else response.status(404).json({ detail: 'Product not found' })
  })
  return await listen(createServer(app))
})

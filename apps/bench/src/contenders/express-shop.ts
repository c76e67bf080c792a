import { createServer } from 'node:http'
import { CreateOrder } from '@stockroom/contracts'
import type { Collection } from 'mongodb'
import { MongoClient, ObjectId } from 'mongodb'
import express from 'express'
import type { ServerJob } from '../contenders.ts'
import type { StoredOrder, StoredProduct } from './documents.ts'
import { clientOptions } from './documents.ts'
import { listen } from './listen.ts'
import { shownOrder } from './shown.ts'

export interface Store {
  readonly client: MongoClient
  readonly products: Collection<StoredProduct>
  readonly orders: Collection<StoredOrder>
}

export interface Wanted {
  readonly productId: ObjectId
  readonly userId: string
  readonly quantity: number
}

export class Refusal extends Error {
  readonly status: number
  readonly code: string

  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

/** POST /orders in Express, validated by the shop's own schema; how an order is placed is the contender's. */
export function expressShop(place: (store: Store, wanted: Wanted) => Promise<StoredOrder>) {
  return async ({ uri, database }: ServerJob): Promise<string> => {
    const client = await new MongoClient(uri, clientOptions).connect()
    const db = client.db(database)
    const store: Store = { client, products: db.collection('products'), orders: db.collection('orders') }
    const handle: express.RequestHandler = async (request, response) => {
      try {
        const order = await place(store, wantedOf(request.body))
        response.status(201).json({ message: 'Order created', order_id: order._id, order: shownOrder(order) })
      } catch (error) {
        const { status, code } = error instanceof Refusal ? error : { status: 500, code: 'INTERNAL' }
        response.status(status).json({ detail: code, code })
      }
    }
    const app = express()
    app.use(express.json())
    // oxlint-disable-next-line oxc/no-async-endpoint-handlers -- Express 5 waits for it
    app.post('/orders', handle)
    return await listen(createServer(app))
  }
}

function wantedOf(body: Record<string, unknown>): Wanted {
  const { user_id: userId, product_id: productId, quantity } = body
  const input = CreateOrder.safeParse({ userId, productId, quantity })
  if (!input.success || input.data.lines) throw new Refusal(422, 'VALIDATION')
  return {
    userId: input.data.userId,
    productId: new ObjectId(input.data.productId),
    quantity: input.data.quantity,
  }
}

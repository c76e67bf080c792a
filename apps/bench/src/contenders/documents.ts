import type { Order, OrderLine, OrderStep, Product } from '@stockroom/contracts'
import type { MongoClientOptions } from 'mongodb'
import { ObjectId } from 'mongodb'

/** A product as the shop stores it. */
export interface StoredProduct extends Omit<Product, 'id'> {
  _id: ObjectId
}

/** An order as the shop stores it: everyone in a comparison writes the same, under the same indexes and validators. */
export interface StoredOrder extends Omit<Order, 'id' | 'lines' | 'history'> {
  _id: ObjectId
  lines: (Omit<OrderLine, 'productId'> & { productId: ObjectId })[]
  history: (OrderStep & { _id: ObjectId })[]
}

/** What the shop sets for its own client, but for the bound on waiting for a connection, with which some would fail. */
export const clientOptions: MongoClientOptions = {
  retryWrites: true,
  retryReads: true,
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority', wtimeoutMS: 5000 },
  heartbeatFrequencyMS: 1000,
  connectTimeoutMS: 2000,
  socketTimeoutMS: 10_000,
  serverSelectionTimeoutMS: 5000,
}

export function orderOf(product: StoredProduct, userId: string, quantity: number): StoredOrder {
  const { _id: productId, sku, name, price } = product
  const total = { amount: price.amount * quantity, currency: price.currency }
  const [_id, at] = [new ObjectId(), new Date()]
  return {
    _id,
    userId,
    lines: [{ productId, sku, name, unitPrice: price, quantity, total }],
    total,
    status: 'placed',
    history: [{ _id, status: 'placed', at }],
    createdAt: at,
  }
}

import type { Order, OrderLine } from '@stockroom/contracts'
import type { Document, IndexDescription, ObjectId } from 'mongodb'

export interface OrderLineDocument extends Omit<OrderLine, 'productId'> {
  productId: ObjectId
}

/** The contract's order, under MongoDB's own ids. */
export interface OrderDocument extends Omit<Order, 'id' | 'lines'> {
  _id: ObjectId
  lines: OrderLineDocument[]
}

export const ordersName = 'orders'

/** Orders are read by `_id` and listed by `_id`, which is their order in time: no further index yet. */
export const orderIndexes: IndexDescription[] = []

export const orderValidator: Document = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['userId', 'lines', 'total', 'status', 'createdAt'],
    properties: {
      userId: { bsonType: 'string', minLength: 1 },
      lines: { bsonType: 'array', minItems: 1 },
      total: { bsonType: 'object', required: ['amount', 'currency'] },
      status: { bsonType: 'string' },
      createdAt: { bsonType: 'date' },
    },
  },
}

export function toOrder(document: OrderDocument): Order {
  const { _id, lines, ...order } = document
  return {
    id: _id.toHexString(),
    ...order,
    lines: lines.map((line) => ({ ...line, productId: line.productId.toHexString() })),
  }
}

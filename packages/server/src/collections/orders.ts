import type { Money, Order, OrderLine, OrderStep } from '@stockroom/contracts'
import type { Document, IndexDescription, ObjectId } from 'mongodb'

export interface OrderLineDocument extends Omit<OrderLine, 'productId'> {
  productId: ObjectId
}

export interface OrderStepDocument extends OrderStep {
  _id: ObjectId
  /** The idempotency key of the request that made this step, in its scope, and the hash of that request's input. */
  key?: string
  hash?: string
}

/** The contract's order, under MongoDB's own ids. */
export interface OrderDocument extends Omit<Order, 'id' | 'lines' | 'history'> {
  _id: ObjectId
  lines: OrderLineDocument[]
  history: OrderStepDocument[]
  /** The keys of all steps: what their unique index reads. Absent where there is none. */
  keys?: string[]
  /** Its units are back in stock: it was cancelled, or refunded and restocked. */
  stockReturned?: true
}

export const ordersName = 'orders'

/**
 * Each filter of the list, then `_id`, so that a page costs the same wherever it is. Idempotency is a property of the
 * order: the key is written with it, and no two orders can have the same.
 */
export const orderIndexes: IndexDescription[] = [
  { key: { userId: 1, _id: 1 }, name: 'user' },
  { key: { status: 1, _id: 1 }, name: 'status' },
  { key: { 'lines.productId': 1, _id: 1 }, name: 'product' },
  { key: { keys: 1 }, name: 'keys', unique: true, partialFilterExpression: { keys: { $exists: true } } },
]

export const orderValidator: Document = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['userId', 'lines', 'total', 'status', 'history', 'createdAt'],
    properties: {
      userId: { bsonType: 'string', minLength: 1 },
      lines: { bsonType: 'array', minItems: 1 },
      total: { bsonType: 'object', required: ['amount', 'currency'] },
      status: { enum: ['placed', 'paid', 'fulfilled', 'cancelled', 'refunded'] },
      history: { bsonType: 'array', minItems: 1 },
      createdAt: { bsonType: 'date' },
    },
  },
}

/** Shares nothing that can be changed: its unit prices are those by which the next order is priced. */
export function toOrder({ _id, userId, lines, total, status, history, createdAt }: OrderDocument): Order {
  return {
    id: _id.toHexString(),
    userId,
    lines: lines.map(({ productId, sku, name, unitPrice, quantity, total }) => ({
      productId: productId.toHexString(),
      sku,
      name,
      unitPrice: toMoney(unitPrice),
      quantity,
      total: toMoney(total),
    })),
    total: toMoney(total),
    status,
    history: history.map(({ status, at, reason }) => ({
      status,
      at: new Date(at),
      ...(reason !== undefined && { reason }),
    })),
    createdAt: new Date(createdAt),
  }
}

const toMoney = ({ amount, currency }: Money): Money => ({ amount, currency })

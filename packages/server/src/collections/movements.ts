import type { Document, IndexDescription, ObjectId } from 'mongodb'
import type { ProductDocument } from './products.ts'

/**
 * A change of stock that is not an order: written in the transaction that changes the stock, never changed after.
 * For every product, the sum of its movements less the units of its live orders is its quantity.
 */
export interface MovementDocument {
  _id: ObjectId
  productId: ObjectId
  /** Units that came (positive) or went (negative). */
  change: number
  /**
   * `initial`: the product was created with this stock. `set`: its quantity was set to an absolute number. `adjust`:
   * units were added or taken. `repair`: the books were corrected.
   */
  reason: 'initial' | 'set' | 'adjust' | 'repair'
  /** The reason that the caller gave; the field above is the kind of movement. */
  note?: string
  at: Date
  /** Of an adjustment with an idempotency key: the key in its scope, the hash of the input, and the answer it got. */
  key?: string
  hash?: string
  answer?: ProductDocument
}

export const movementsName = 'movements'

export const movementIndexes: IndexDescription[] = [
  { key: { productId: 1 }, name: 'product' },
  { key: { key: 1 }, name: 'key', unique: true, partialFilterExpression: { key: { $exists: true } } },
]

export const movementValidator: Document = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['productId', 'change', 'reason', 'at'],
    properties: {
      productId: { bsonType: 'objectId' },
      change: { bsonType: ['int', 'long', 'double'], multipleOf: 1 },
      reason: { enum: ['initial', 'set', 'adjust', 'repair'] },
      at: { bsonType: 'date' },
    },
  },
}

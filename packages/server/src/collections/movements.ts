import type { Document, IndexDescription, ObjectId } from 'mongodb'

/**
 * A change of stock that is not an order: written in the transaction that changes the stock, never changed after.
 * For every product, the sum of its movements less the units of its orders is its quantity.
 */
export interface MovementDocument {
  _id: ObjectId
  productId: ObjectId
  /** Units that came (positive) or went (negative). */
  change: number
  /** `initial`: the product was created with this stock. `set`: its quantity was set to an absolute number. */
  reason: 'initial' | 'set'
  at: Date
}

export const movementsName = 'movements'

/** Movements are only ever read together, by the check of the books. */
export const movementIndexes: IndexDescription[] = []

export const movementValidator: Document = {
  $jsonSchema: {
    bsonType: 'object',
    required: ['productId', 'change', 'reason', 'at'],
    properties: {
      productId: { bsonType: 'objectId' },
      change: { bsonType: ['int', 'long', 'double'], multipleOf: 1 },
      reason: { enum: ['initial', 'set'] },
      at: { bsonType: 'date' },
    },
  },
}

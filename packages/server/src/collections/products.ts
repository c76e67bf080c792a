import type { Product } from '@stockroom/contracts'
import type { Document, IndexDescription, ObjectId } from 'mongodb'

/** The contract's product, under MongoDB's own id. */
export interface ProductDocument extends Omit<Product, 'id'> {
  _id: ObjectId
  /** The revision that its last write expected to make, absent where that did not matter: see the validator. */
  expectedRevision?: number
}

export const productsName = 'products'

export const productIndexes: IndexDescription[] = [
  { key: { sku: 1 }, name: 'sku', unique: true },
  { key: { category: 1, _id: 1 }, name: 'category' },
]

/**
 * The guards of the stock. A write raises the revision and says which one it expected to make: it is refused where the
 * product was not what it was decided by. And no write takes what is not there. They are not in the filters of the
 * writes because MongoDB plans a query for each filter that is more than an `_id`, which costs more than the write.
 */
export const productValidator: Document = {
  $expr: { $eq: ['$revision', { $ifNull: ['$expectedRevision', '$revision'] }] },
  $jsonSchema: {
    bsonType: 'object',
    required: ['sku', 'name', 'price', 'quantity', 'version', 'revision', 'createdAt', 'updatedAt'],
    properties: {
      _id: { bsonType: 'objectId' },
      sku: { bsonType: 'string', minLength: 1 },
      name: { bsonType: 'string' },
      description: { bsonType: 'string' },
      category: { bsonType: 'string' },
      quantity: { bsonType: ['int', 'long', 'double'], minimum: 0, multipleOf: 1 },
      price: {
        bsonType: 'object',
        required: ['amount', 'currency'],
        properties: {
          amount: { bsonType: ['int', 'long', 'double'], minimum: 0, multipleOf: 1 },
          currency: { bsonType: 'string' },
        },
      },
      version: { bsonType: ['int', 'long', 'double'], minimum: 1 },
      revision: { bsonType: ['int', 'long', 'double'], minimum: 1 },
      createdAt: { bsonType: 'date' },
      updatedAt: { bsonType: 'date' },
    },
  },
}

const made = new WeakMap<ProductDocument, Product>()

/**
 * One document is one product: what does not change is the same object, and its answer can be kept by that. Frozen,
 * because the next caller gets it too. The fields are named, so that no other that is stored gets out.
 */
export function toProduct(document: ProductDocument): Product {
  const known = made.get(document)
  if (known) return known
  const { _id, sku, name, description, category, price, quantity, version, revision, createdAt, updatedAt } = document
  const product: Product = Object.freeze({
    id: _id.toHexString(),
    sku,
    name,
    ...(description !== undefined && { description }),
    ...(category !== undefined && { category }),
    price: Object.freeze({ amount: price.amount, currency: price.currency }),
    quantity,
    version,
    revision,
    // Dates of its own: products written together share one, and superjson would name every place of it.
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
  })
  made.set(document, product)
  return product
}

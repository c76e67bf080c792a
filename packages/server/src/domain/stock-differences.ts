import type { ClientSession, ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { BookDifference } from './books.ts'
import { holdingUnits } from './books.ts'

const moved = { $group: { _id: '$productId', moved: { $sum: '$change' }, movements: { $sum: 1 } } }
const ordered = { $group: { _id: '$lines.productId', ordered: { $sum: '$lines.quantity' }, orderLines: { $sum: 1 } } }

/** Products, movements and order lines meet by product id on the server; only what differs comes back. */
export async function stockDifferences(
  { products, orders, movements }: Collections,
  session: ClientSession,
): Promise<BookDifference[]> {
  const pipeline = [
    { $project: { sku: 1, quantity: 1, exists: { $literal: true } } },
    { $unionWith: { coll: movements.collectionName, pipeline: [moved] } },
    { $unionWith: { coll: orders.collectionName, pipeline: [holdingUnits, { $unwind: '$lines' }, ordered] } },
    {
      $group: {
        _id: '$_id',
        ...Object.fromEntries(['exists', 'sku', 'quantity'].map((field) => [field, { $max: `$${field}` }])),
        ...Object.fromEntries(
          ['moved', 'movements', 'ordered', 'orderLines'].map((field) => [field, { $sum: `$${field}` }]),
        ),
      },
    },
    { $set: { expected: { $subtract: ['$moved', '$ordered'] } } },
    { $match: { $or: [{ $expr: { $ne: ['$quantity', '$expected'] } }, { exists: null }, { quantity: { $lt: 0 } }] } },
    { $sort: { sku: 1, _id: 1 } },
  ]
  const found = products.aggregate<StockRow>(pipeline, { session, allowDiskUse: true })
  return (await found.toArray()).flatMap(toStockDifferences)
}

/** What the quantity of one product ought to be, by the same sums: a transaction cannot bring collections together. */
export async function bookedUnits(
  { orders, movements }: Collections,
  session: ClientSession,
  productId: ObjectId,
): Promise<number> {
  const ofProduct = { $match: { 'lines.productId': productId } }
  const came = await movements.aggregate<StockRow>([{ $match: { productId } }, moved], { session }).toArray()
  const went = await orders
    .aggregate<StockRow>([holdingUnits, ofProduct, { $unwind: '$lines' }, ofProduct, ordered], { session })
    .toArray()
  return (came[0]?.moved ?? 0) - (went[0]?.ordered ?? 0)
}

interface StockRow {
  _id: unknown
  exists: true | null
  sku: string | null
  quantity: number | null
  moved: number
  movements: number
  ordered: number
  orderLines: number
  expected: number
}

function toStockDifferences(row: StockRow): BookDifference[] {
  const { sku, moved, ordered, movements, orderLines, expected, quantity } = row
  const sums = { productId: String(row._id), ...(sku !== null && { sku }), moved, ordered }
  if (!row.exists) return [{ kind: 'unknownProduct', ...sums, expected: null, actual: { movements, orderLines } }]
  const differences: BookDifference[] = []
  if (quantity !== expected) differences.push({ kind: 'quantity', ...sums, expected, actual: quantity })
  if (quantity !== null && quantity < 0) differences.push({ kind: 'negative', ...sums, expected: 0, actual: quantity })
  return differences
}

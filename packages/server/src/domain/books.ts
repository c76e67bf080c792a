import type { ClientSession, Document } from 'mongodb'
import type { Collections } from '../collections/collections.ts'

/** An amount as it stands in the database, which may not be one. */
interface StoredMoney {
  readonly amount?: number | null
  readonly currency?: string | null
}

interface Sums {
  readonly productId: string
  readonly sku?: string
  /** The sum of the product's movements. */
  readonly moved: number
  /** The units of the product in all live orders. */
  readonly ordered: number
}

/** Something in the books that does not add up: what ought to stand there, and what does. */
export type BookDifference =
  /** The quantity of a product is not its movements less its orders. */
  | (Sums & { readonly kind: 'quantity'; readonly expected: number; readonly actual: number | null })
  /** The quantity of a product is below zero. */
  | (Sums & { readonly kind: 'negative'; readonly expected: number; readonly actual: number })
  /** Movements or order lines name a product that does not exist; `actual` says how many. */
  | (Sums & {
      readonly kind: 'unknownProduct'
      readonly expected: null
      readonly actual: { readonly movements: number; readonly orderLines: number }
    })
  /** The total of an order line is not its unit price times its quantity. */
  | {
      readonly kind: 'lineTotal'
      readonly orderId: string
      readonly productId: string
      readonly sku?: string
      readonly expected: StoredMoney
      readonly actual: StoredMoney
    }
  /** The total of an order is not the sum of its lines. */
  | {
      readonly kind: 'orderTotal'
      readonly orderId: string
      readonly expected: StoredMoney
      readonly actual: StoredMoney
    }

/** Orders that hold units: those of the others are back in stock. */
const live = { $match: { stockReturned: { $ne: true } } }

/** How much there is to check. */
export async function countBooks({ products, orders, movements }: Collections, session: ClientSession) {
  const units = await orders
    .aggregate<{ units: number }>([live, { $group: { _id: null, units: { $sum: { $sum: '$lines.quantity' } } } }], {
      session,
    })
    .next()
  return {
    products: await products.countDocuments({}, { session }),
    orders: await orders.countDocuments({}, { session }),
    movements: await movements.countDocuments({}, { session }),
    units: units?.units ?? 0,
  }
}

/** Products, movements and order lines meet by product id on the server; only what differs comes back. */
export async function stockDifferences(
  { products, orders, movements }: Collections,
  session: ClientSession,
): Promise<BookDifference[]> {
  const moved = { $group: { _id: '$productId', moved: { $sum: '$change' }, movements: { $sum: 1 } } }
  const ordered = { $group: { _id: '$lines.productId', ordered: { $sum: '$lines.quantity' }, orderLines: { $sum: 1 } } }
  const pipeline = [
    { $project: { sku: 1, quantity: 1, exists: { $literal: true } } },
    { $unionWith: { coll: movements.collectionName, pipeline: [moved] } },
    { $unionWith: { coll: orders.collectionName, pipeline: [live, { $unwind: '$lines' }, ordered] } },
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

/** A number, or null where something else stands: arithmetic on that would end the whole check. */
const number = (value: string): Document => ({ $cond: [{ $isNumber: value }, value, null] })

const lines = { $cond: [{ $isArray: '$lines' }, '$lines', []] }
const lineAmount = { $multiply: [number('$$line.unitPrice.amount'), number('$$line.quantity')] }
const lineWithExpected = {
  productId: '$$line.productId',
  sku: '$$line.sku',
  actual: '$$line.total',
  expected: { amount: lineAmount, currency: '$$line.unitPrice.currency' },
}
const differs = (actual: string, expected: string): Document => ({
  $or: ['amount', 'currency'].map((part) => ({ $ne: [`${actual}.${part}`, `${expected}.${part}`] })),
})

/** Orders whose lines or whose total are not the exact product and sum of what was ordered. */
export async function orderDifferences({ orders }: Collections, session: ClientSession): Promise<BookDifference[]> {
  const pipeline = [
    { $project: { actual: '$total', lines: { $map: { input: lines, as: 'line', in: lineWithExpected } } } },
    {
      $set: {
        expected: { amount: { $sum: '$lines.expected.amount' }, currency: { $first: '$lines.expected.currency' } },
        lines: { $filter: { input: '$lines', as: 'line', cond: differs('$$line.actual', '$$line.expected') } },
      },
    },
    { $match: { $or: [{ 'lines.0': { $exists: true } }, { $expr: differs('$actual', '$expected') }] } },
    { $sort: { _id: 1 } },
  ]
  const found = orders.aggregate<OrderRow>(pipeline, { session, allowDiskUse: true })
  return (await found.toArray()).flatMap(toOrderDifferences)
}

interface OrderRow {
  _id: unknown
  expected: StoredMoney
  actual: StoredMoney
  lines: { productId: unknown; sku?: string; expected: StoredMoney; actual: StoredMoney }[]
}

function toOrderDifferences({ _id, expected, actual, lines: wrong }: OrderRow): BookDifference[] {
  const orderId = String(_id)
  const differences = wrong.map((line): BookDifference => ({
    kind: 'lineTotal',
    orderId,
    ...line,
    productId: String(line.productId),
  }))
  if (expected.amount !== actual.amount || expected.currency !== actual.currency)
    differences.push({ kind: 'orderTotal', orderId, expected, actual })
  return differences
}

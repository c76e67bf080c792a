import type { ClientSession, Document } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { BookDifference, StoredMoney } from './books.ts'

/** A number, or null where something else stands: arithmetic on that would end the whole check. */
const number = (value: string): Document => ({ $cond: [{ $isNumber: value }, value, null] })

/** What stands there, or no amount of no currency. */
const stored = (value: string): Document => ({ $ifNull: [value, { $literal: {} }] })

const lines = { $cond: [{ $isArray: '$lines' }, '$lines', []] }
const lineAmount = { $multiply: [number('$$line.unitPrice.amount'), number('$$line.quantity')] }
const lineWithExpected = {
  productId: '$$line.productId',
  sku: '$$line.sku',
  actual: stored('$$line.total'),
  expected: { amount: lineAmount, currency: '$$line.unitPrice.currency' },
}
const differs = (actual: string, expected: string): Document => ({
  $or: ['amount', 'currency'].map((part) => ({ $ne: [`${actual}.${part}`, `${expected}.${part}`] })),
})

const lastStep = { $cond: [{ $isArray: '$history' }, { $last: '$history.status' }, null] }
const returned = { $eq: ['$stockReturned', true] }
/** A cancellation gives the units back, a refund only where it was asked to, and nothing else does. */
const mustHaveReturned = {
  $cond: [{ $eq: ['$status', 'refunded'] }, returned, { $eq: ['$status', 'cancelled'] }],
}

/**
 * Orders whose lines or whose total are not the exact product and sum of what was ordered, or whose status does
 * not agree with their history or with where their units are.
 */
export async function orderDifferences({ orders }: Collections, session: ClientSession): Promise<BookDifference[]> {
  const pipeline = [
    {
      $project: {
        actual: stored('$total'),
        lines: { $map: { input: lines, as: 'line', in: lineWithExpected } },
        status: 1,
        lastStep,
        returned,
        mustHaveReturned,
      },
    },
    {
      $set: {
        expected: { amount: { $sum: '$lines.expected.amount' }, currency: { $first: '$lines.expected.currency' } },
        lines: { $filter: { input: '$lines', as: 'line', cond: differs('$$line.actual', '$$line.expected') } },
      },
    },
    {
      $match: {
        $or: [
          { 'lines.0': { $exists: true } },
          { $expr: differs('$actual', '$expected') },
          { $expr: { $ne: ['$status', '$lastStep'] } },
          { $expr: { $ne: ['$returned', '$mustHaveReturned'] } },
        ],
      },
    },
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
  status?: string
  lastStep?: string | null
  returned: boolean
  mustHaveReturned: boolean
}

function toOrderDifferences(row: OrderRow): BookDifference[] {
  const { expected, actual, status = null, lastStep = null, ...units } = row
  const orderId = String(row._id)
  const differences = row.lines.map((line): BookDifference => ({
    kind: 'lineTotal',
    orderId,
    ...line,
    productId: String(line.productId),
  }))
  if (expected.amount !== actual.amount || expected.currency !== actual.currency)
    differences.push({ kind: 'orderTotal', orderId, expected, actual })
  if (status !== lastStep) differences.push({ kind: 'orderStatus', orderId, expected: lastStep, actual: status })
  if (units.returned !== units.mustHaveReturned)
    differences.push({
      kind: 'stockReturned',
      orderId,
      status,
      expected: units.mustHaveReturned,
      actual: units.returned,
    })
  return differences
}

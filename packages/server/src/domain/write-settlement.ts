import type { AnyBulkWriteOperation, ClientSession } from 'mongodb'
import { MongoServerError } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { Settlement } from './settle.ts'
import type { OrderChange } from './working-orders.ts'
import type { StockChange } from './working-stock.ts'

/**
 * What a product must still be for a write of its stock: just the revision that the batch was decided by, or, where
 * other processes sell it too, anything that has the units. Its validator refuses all else.
 */
type Guard = 'revision' | 'units'

const DOCUMENT_VALIDATION_FAILURE = 121

/** A document is not what the batch was decided by: its transaction must be aborted. */
export class GuardRefused extends Error {
  override readonly name = 'GuardRefused'
}

export async function writeOrders(
  { orders, movements }: Collections,
  session: ClientSession,
  settlement: Settlement,
): Promise<void> {
  const [first, second] = settlement.orders
  // One order alone, as of a shop that is not busy, is slower in a bulk: see decision record 12.
  if (second) await orders.insertMany([...settlement.orders], { session })
  else if (first) await orders.insertOne(first, { session })
  if (settlement.moves.length > 0) {
    const { matchedCount } = await orders.bulkWrite(settlement.moves.map(guardedMove), { session })
    if (matchedCount !== settlement.moves.length) throw new GuardRefused('the status guard refused a settled batch')
  }
  if (settlement.movements.length > 0) await movements.insertMany([...settlement.movements], { session })
}

export interface StockWrite {
  readonly settlement: Settlement
  readonly guard: Guard
}

export async function writeStock(
  { products }: Collections,
  session: ClientSession,
  { settlement: { created, changes }, guard }: StockWrite,
): Promise<void> {
  if (created.length > 0) await products.insertMany([...created], { session })
  if (changes.length === 0) return
  // In one order, so that two processes meet on the first product that both want, and one of them goes on.
  const inOrder = changes.toSorted((a, b) => (a.before._id.toHexString() < b.before._id.toHexString() ? -1 : 1))
  const writes = inOrder.map((change) => guardedWrite(change, guard))
  const [first, second] = writes
  const options = { session }
  const written =
    first && !second
      ? products.updateOne(first.filter, first.update, options)
      : products.bulkWrite(
          writes.map((updateOne) => ({ updateOne })),
          options,
        )
  const { matchedCount } = await written.catch((error: unknown) => {
    const isRefused = error instanceof MongoServerError && error.code === DOCUMENT_VALIDATION_FAILURE
    throw isRefused ? new GuardRefused('the validator refused a settled batch', { cause: error }) : error
  })
  if (matchedCount !== changes.length) throw new GuardRefused('a product of a settled batch is gone')
}

/** The guard is the filter: an order is moved only from the status that the move was allowed from. */
function guardedMove({ from, steps, after }: OrderChange): AnyBulkWriteOperation<OrderDocument> {
  const keys = steps.flatMap(({ key }) => key ?? [])
  return {
    updateOne: {
      filter: { _id: after._id, status: from },
      update: {
        $set: { status: after.status, ...(after.stockReturned && { stockReturned: true }) },
        $push: { history: { $each: [...steps] }, ...(keys.length > 0 && { keys: { $each: keys } }) },
      },
    },
  }
}

/** By `_id` alone: what else a filter named would have to be planned (see productValidator). */
function guardedWrite({ before, after }: StockChange, guard: Guard) {
  const { name, description, category, price, updatedAt } = after
  const [units, versions] = [after.quantity - before.quantity, after.version - before.version]
  return {
    filter: { _id: before._id },
    update: {
      $inc: { quantity: units, revision: after.revision - before.revision, version: versions },
      ...(guard === 'units' && { $unset: { expectedRevision: '' as const } }),
      $set: {
        updatedAt,
        ...(guard === 'revision' && { expectedRevision: after.revision }),
        ...(name !== before.name && { name }),
        ...(description !== before.description && { description }),
        ...(category !== before.category && { category }),
        ...(price !== before.price && { price }),
      },
    },
  }
}

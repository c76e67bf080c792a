import type { ClientSession } from 'mongodb'
import { MongoServerError } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Update } from '../collections/write.ts'
import { isConflict } from '../collections/transient.ts'
import { write } from '../collections/write.ts'
import { chunks } from './chunks.ts'
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
  { orders: placed, moves, movements: moved }: Settlement,
): Promise<void> {
  if (placed.length > 0) await write(orders, { documents: placed }, { session })
  if (moves.length > 0) {
    const matched = await write(orders, { updates: moves.map(guardedMove) }, { session })
    if (matched !== moves.length) throw new GuardRefused('the status guard refused a settled batch')
  }
  if (moved.length > 0) await write(movements, { documents: moved }, { session })
}

export interface StockWrite {
  readonly settlement: Settlement
  readonly guard: Guard
  /**
   * The products that earlier attempts have met others at: they are written first, while the snapshot is new. Behind
   * hundreds of others, a product that another process sells all the time has changed whenever its turn comes.
   */
  readonly contested: Set<string>
}

/** So many products are written at once where others want them too: a conflict is about one of these. */
const CONTESTED_AT_ONCE = 64

export async function writeStock(
  { products }: Collections,
  session: ClientSession,
  { settlement: { created, changes }, guard, contested }: StockWrite,
): Promise<void> {
  if (created.length > 0) await write(products, { documents: created }, { session })
  if (changes.length === 0) return
  // In one order, so that two processes meet on the first product that both want, and one of them goes on.
  const inOrder = changes.toSorted((a, b) => Buffer.compare(a.before._id.id, b.before._id.id))
  const first = contested.size > 0 ? inOrder.filter((change) => contested.has(idOf(change))) : []
  const others = first.length > 0 ? inOrder.filter((change) => !contested.has(idOf(change))) : inOrder
  const size = guard === 'units' ? CONTESTED_AT_ONCE : others.length
  for (const part of [first, ...chunks(others, size)]) {
    if (part.length === 0) continue
    const updates = part.map((change) => guardedUpdate(change, guard))
    const matched = await write(products, { updates }, { session }).catch((error: unknown) => {
      if (isConflict(error) && part.length <= CONTESTED_AT_ONCE) for (const change of part) contested.add(idOf(change))
      const isRefused = error instanceof MongoServerError && error.code === DOCUMENT_VALIDATION_FAILURE
      throw isRefused ? new GuardRefused('the validator refused a settled batch', { cause: error }) : error
    })
    if (matched !== part.length) throw new GuardRefused('a product of a settled batch is gone')
  }
}

const idOf = ({ before }: StockChange): string => before._id.toHexString()

/** The guard is the filter: an order is moved only from the status that the move was allowed from. */
function guardedMove({ from, steps, after }: OrderChange): Update<OrderDocument> {
  const keys = steps.flatMap(({ key }) => key ?? [])
  return {
    q: { _id: after._id, status: from },
    u: {
      $set: { status: after.status, ...(after.stockReturned && { stockReturned: true }) },
      $push: { history: { $each: [...steps] }, ...(keys.length > 0 && { keys: { $each: keys } }) },
    },
  }
}

/** By `_id` alone: what else a filter named would have to be planned (see productValidator). */
function guardedUpdate({ before, after }: StockChange, guard: Guard): Update<ProductDocument> {
  const { name, description, category, price, updatedAt } = after
  const [units, versions] = [after.quantity - before.quantity, after.version - before.version]
  return {
    q: { _id: before._id },
    u: {
      $inc: { quantity: units, revision: after.revision - before.revision, version: versions },
      ...(guard === 'units' && { $unset: { expectedRevision: '' } }),
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

import type { AnyBulkWriteOperation, ClientSession } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Hooks } from '../collections/transaction.ts'
import { transact } from '../collections/transaction.ts'
import type { Command } from './commands.ts'
import { readSnapshot } from './read-snapshot.ts'
import type { Settlement } from './settle.ts'
import { settle } from './settle.ts'
import type { OrderChange } from './working-orders.ts'
import type { ProductChange } from './working-stock.ts'

/** One batch, one transaction: read what the commands name, settle in memory, write, commit. */
export function commitBatch(
  collections: Collections,
  session: ClientSession,
  { commands, ...hooks }: { commands: () => readonly Command[] } & Hooks,
): Promise<Settlement> {
  /** What went as far as a commit: one of them may have taken effect although no answer came back. */
  const earlier: Settlement[] = []
  return transact(
    session,
    async () => {
      for (const settlement of earlier) if (await isWritten(collections, session, settlement)) return settlement
      const batch = commands()
      const settlement = settle(batch, await readSnapshot(collections, session, batch), new Date())
      await write(collections, session, settlement)
      earlier.push(settlement)
      return settlement
    },
    hooks,
  )
}

/**
 * Whether this very attempt took effect. A batch is one transaction, so one of its documents stands for all, found by
 * its id and the attempt's time. Where it only edited products, and one was changed again since, that cannot be told:
 * the same edits are then made once more.
 */
async function isWritten(
  { products, orders, movements }: Collections,
  session: ClientSession,
  { orders: [order], moves: [move], movements: [movement], created, changes }: Settlement,
): Promise<boolean> {
  if (order) return (await orders.findOne({ _id: order._id, createdAt: order.createdAt }, { session })) !== null
  const step = move?.steps[0]
  if (move && step) {
    const history = { $elemMatch: { _id: step._id, at: step.at } }
    return (await orders.findOne({ _id: move.after._id, history }, { session })) !== null
  }
  if (movement) return (await movements.findOne({ _id: movement._id, at: movement.at }, { session })) !== null
  const product = created[0] ?? changes[0]?.after
  return product !== undefined && (await products.findOne(product, { session })) !== null
}

/**
 * Orders before stock: a product is held by the transaction from its write to the commit, and the orders' insert is
 * the longest part of that.
 */
async function write(
  { products, orders, movements }: Collections,
  session: ClientSession,
  settlement: Settlement,
): Promise<void> {
  if (settlement.orders.length > 0) await orders.insertMany([...settlement.orders], { session })
  if (settlement.moves.length > 0) {
    const { matchedCount } = await orders.bulkWrite(settlement.moves.map(guardedMove), { session })
    if (matchedCount !== settlement.moves.length) throw new Error('the status guard refused a settled batch')
  }
  if (settlement.movements.length > 0) await movements.insertMany([...settlement.movements], { session })
  if (settlement.created.length > 0) await products.insertMany([...settlement.created], { session })
  if (settlement.changes.length > 0) {
    const { matchedCount } = await products.bulkWrite(settlement.changes.map(guardedWrite), { session })
    if (matchedCount !== settlement.changes.length) throw new Error('the stock guard refused a settled batch')
  }
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

/** The guard is the filter: a write that takes stock matches only a product that has it. */
function guardedWrite({ before, after }: ProductChange): AnyBulkWriteOperation<ProductDocument> {
  const { name, description, category, price, updatedAt } = after
  const taken = before.quantity - after.quantity
  return {
    updateOne: {
      filter: { _id: before._id, quantity: { $gte: Math.max(0, taken) } },
      update: {
        $inc: { quantity: -taken, revision: after.revision - before.revision, version: after.version - before.version },
        $set: {
          updatedAt,
          ...(name !== before.name && { name }),
          ...(description !== before.description && { description }),
          ...(category !== before.category && { category }),
          ...(price !== before.price && { price }),
        },
      },
    },
  }
}

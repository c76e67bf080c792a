import type { AnyBulkWriteOperation, ClientSession, Filter } from 'mongodb'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { ProductDocument } from '../collections/products.ts'
import { transact } from '../collections/transaction.ts'
import type { Command, ProductRow } from './commands.ts'
import type { Settlement } from './settle.ts'
import { settle } from './settle.ts'
import type { ProductChange } from './working-stock.ts'

/** One batch, one transaction: read what the commands name, settle in memory, write, commit. */
export function commitBatch(
  collections: Collections,
  session: ClientSession,
  { commands, givenUp }: { commands: readonly Command[]; givenUp: () => boolean },
): Promise<Settlement> {
  /** What the last attempt wrote: its commit may have gone through although no answer came back. */
  let earlier: Settlement | undefined
  return transact(
    session,
    async () => {
      if (earlier && (await isWritten(collections, session, earlier))) return earlier
      const named = await collections.products.find(productsOf(commands), { session }).toArray()
      const settlement = settle(commands, named, new Date())
      await write(collections, session, settlement)
      earlier = settlement
      return settlement
    },
    givenUp,
  )
}

/**
 * Whether an attempt took effect. A batch is one transaction, so one of its documents stands for all. Where it only
 * edited products, and one was changed again since, that cannot be told: the same edits are then made once more.
 */
async function isWritten(
  { products, orders, movements }: Collections,
  session: ClientSession,
  settlement: Settlement,
): Promise<boolean> {
  const [order] = settlement.orders
  if (order) return (await orders.findOne({ _id: order._id }, { session })) !== null
  const [movement] = settlement.movements
  if (movement) return (await movements.findOne({ _id: movement._id }, { session })) !== null
  const product = settlement.created[0] ?? settlement.changes[0]?.after
  if (!product) return false
  return (await products.findOne(product, { session })) !== null
}

/** The products that the commands name by id or SKU. */
function productsOf(commands: readonly Command[]): Filter<ProductDocument> {
  const ids = new Set<string>()
  const rows: ProductRow[] = []
  for (const command of commands) {
    if (command.kind === 'placeOrder') for (const { productId } of command.lines) ids.add(productId)
    else if (command.kind === 'setQuantity') ids.add(command.productId)
    else if (command.kind === 'addProduct') rows.push(command)
    else rows.push(...command.rows)
  }
  const byId = { _id: { $in: Array.from(ids, (id) => new ObjectId(id)) } }
  return rows.length === 0 ? byId : { $or: [byId, { sku: { $in: rows.map((row) => row.product.sku) } }] }
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
  if (settlement.movements.length > 0) await movements.insertMany([...settlement.movements], { session })
  if (settlement.created.length > 0) await products.insertMany([...settlement.created], { session })
  if (settlement.changes.length > 0) {
    const { matchedCount } = await products.bulkWrite(settlement.changes.map(guardedWrite), { session })
    if (matchedCount !== settlement.changes.length) throw new Error('the stock guard refused a settled batch')
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

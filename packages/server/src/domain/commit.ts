import type { AnyBulkWriteOperation, ClientSession, Filter } from 'mongodb'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { ProductDocument } from '../collections/products.ts'
import { transact } from '../collections/transaction.ts'
import type { Command, ProductRow } from './commands.ts'
import type { Settlement, Snapshot } from './settle.ts'
import { settle } from './settle.ts'
import type { ProductChange } from './working-stock.ts'

/** One batch, one transaction: read what the commands name, settle in memory, write, commit. */
export function commitBatch(
  collections: Collections,
  session: ClientSession,
  { commands, givenUp }: { commands: readonly Command[]; givenUp: () => boolean },
): Promise<Settlement> {
  return transact(
    session,
    async (attempt) => {
      const snapshot = await read(collections, session, { commands, repeated: attempt > 0 })
      const settlement = settle(commands, snapshot, new Date())
      await write(collections, session, settlement)
      return settlement
    },
    givenUp,
  )
}

async function read(
  { products, orders, movements }: Collections,
  session: ClientSession,
  { commands, repeated }: { commands: readonly Command[]; repeated: boolean },
): Promise<Snapshot> {
  const named = await products.find(productsOf(commands), { session }).toArray()
  if (!repeated) return { products: named, orders: new Map(), movements: new Set() }
  const orderIds = commands.flatMap((command) => (command.kind === 'placeOrder' ? [command.orderId] : []))
  const movementIds = commands.flatMap((command) => (command.kind === 'setQuantity' ? [command.movementId] : []))
  const placed = await orders.find({ _id: { $in: orderIds } }, { session }).toArray()
  const moved = await movements.find({ _id: { $in: movementIds } }, { session }).toArray()
  return {
    products: named,
    orders: new Map(placed.map((order) => [order._id.toHexString(), order])),
    movements: new Set(moved.map((movement) => movement._id.toHexString())),
  }
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

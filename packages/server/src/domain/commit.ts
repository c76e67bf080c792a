import type { ClientSession } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { Hooks } from '../collections/transaction.ts'
import { Outdated, transact } from '../collections/transaction.ts'
import { isConflict } from '../collections/transient.ts'
import type { Command } from './commands.ts'
import { ShopError } from './errors.ts'
import type { KnownStock } from './known-stock.ts'
import { readNamedProducts, readSnapshot } from './read-snapshot.ts'
import type { Settlement } from './settle.ts'
import { settle } from './settle.ts'
import type { StockChange } from './working-stock.ts'
import { GuardRefused, writeOrders, writeStock } from './write-settlement.ts'

export interface BatchOptions extends Hooks {
  /** Asked at each attempt. */
  readonly commands: () => readonly Command[]
  readonly known: KnownStock
  /** Whether other processes are after the same products. */
  readonly isContended: () => boolean
  /** Told at each attempt what it is about to write. Must not throw. */
  readonly onDecided: (settlement: Settlement) => void
}

/** One batch, one transaction: read what the commands name, settle in memory, write, commit. */
export async function commitBatch(
  collections: Collections,
  session: ClientSession,
  { commands, known, isContended, onDecided, ...hooks }: BatchOptions,
): Promise<Settlement> {
  /** What went as far as a commit: one of them may have taken effect although no answer came back. */
  const earlier: Settlement[] = []
  /** Whether what is known may still decide: not after a failure that is no conflict. */
  let mayUseKnown = true
  /** The products that conflicts were about. */
  const contested = new Set<string>()
  try {
    const settlement = await transact(session, attempt, hooks)
    known.keepWritten(settlement.changes)
    return settlement
  } catch (error) {
    // What it has read was never committed: the primary may have lost it.
    known.forget()
    throw error
  }

  async function attempt(): Promise<Settlement> {
    // The primary may have lost what it had, and with it what was known of it.
    if (earlier.length > 0) known.forget()
    for (const settlement of earlier) if (await isWritten(collections, session, settlement)) return settlement
    const batch = commands()
    let byKnown: Settlement | undefined
    try {
      if (mayUseKnown && earlier.length === 0) byKnown = await settleByKnown(batch)
      const settlement = byKnown ?? (await settleByRead(batch))
      onDecided(settlement)
      const written = isContended() ? await writeStockFirst(settlement) : await writeOrdersFirst(settlement)
      earlier.push(written)
      return written
    } catch (error) {
      // A conflict only says that another transaction holds a product; any other failure may come from what is known.
      if (!isConflict(error)) mayUseKnown = false
      if (!byKnown || !(error instanceof GuardRefused)) throw error
      known.wasWrong()
      throw new Outdated('a product is not what it was', { cause: error })
    }
  }

  /**
   * Of orders alone, only the products that are not known are read. Nobody is refused by what may be outdated: it
   * decides only where all get what they want.
   */
  async function settleByKnown(batch: readonly Command[]): Promise<Settlement | undefined> {
    // After a conflict, what others sold does not matter.
    if (known.isDoubtful() && !isContended()) return undefined
    const ids = new Set<string>()
    for (const command of batch) {
      if (command.kind !== 'placeOrder') return undefined
      for (const { productId } of command.lines) ids.add(productId)
    }
    const products = known.among(ids)
    if (products.known.length === 0) return undefined
    const read = await readNamedProducts(collections, session, { ids: products.unknown })
    known.keepRead(read)
    const snapshot = { products: [...products.known, ...read], orders: new Map(), movements: [] }
    const settlement = settle(batch, snapshot, new Date())
    return settlement.outcomes.some((outcome) => outcome instanceof ShopError) ? undefined : settlement
  }

  async function settleByRead(batch: readonly Command[]): Promise<Settlement> {
    const snapshot = await readSnapshot(collections, session, batch)
    known.keepRead(snapshot.products)
    return settle(batch, snapshot, new Date())
  }

  /** A product is held from its write to the commit, and the orders' insert is the longest part of that. */
  async function writeOrdersFirst(settlement: Settlement): Promise<Settlement> {
    await writeOrders(collections, session, settlement)
    await writeStock(collections, session, { settlement, guard: 'revision', contested })
    return settlement
  }

  /**
   * Where other processes want the same products, a conflict then costs one write and not all of them. What they have
   * sold in the meantime does not matter as long as there is enough; what is left is read afterwards.
   */
  async function writeStockFirst(settlement: Settlement): Promise<Settlement> {
    await writeStock(collections, session, { settlement, guard: 'units', contested })
    const written = { ...settlement, changes: await asWritten(collections, session, settlement.changes) }
    await writeOrders(collections, session, written)
    return written
  }
}

/**
 * Other processes may have changed the same products before this transaction began: what the batch has left of them.
 * Only what they sold may differ, for a product that was edited since may have another price.
 */
async function asWritten(
  { products }: Collections,
  session: ClientSession,
  changes: readonly StockChange[],
): Promise<StockChange[]> {
  const ids = changes.map(({ before }) => before._id)
  const left = await products.find({ _id: { $in: ids } }, { session }).toArray()
  const byId = new Map(left.map((product) => [product._id.toHexString(), product]))
  return changes.map(({ before, after: settled }) => {
    const after = byId.get(before._id.toHexString())
    if (after?.version !== settled.version) throw new GuardRefused('a product is not what it was')
    return { before, after }
  })
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
  const [product] = created
  if (product) {
    const { _id, createdAt } = product
    return (await products.findOne({ _id, createdAt }, { session })) !== null
  }
  const after = changes[0]?.after
  return after !== undefined && (await products.findOne(after, { session })) !== null
}

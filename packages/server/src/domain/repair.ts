import type { ClientSession } from 'mongodb'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import { collectionsOf } from '../collections/collections.ts'
import { openLane } from '../collections/lanes.ts'
import type { Hooks } from '../collections/transaction.ts'
import { transact } from '../collections/transaction.ts'
import type { BookDifference } from './books.ts'
import type { VerifyOptions } from './shop-database.ts'
import { onShopDatabase } from './shop-database.ts'
import { bookedUnits } from './stock-differences.ts'

/** A movement that brings the books of a product to the units on hand: what was sold against is what stands. */
export interface Correction {
  readonly productId: string
  readonly sku?: string
  /** Units that the books lack (positive) or have too many of (negative). Orders change nothing about it. */
  readonly change: number
}

export interface RepairOptions extends VerifyOptions {
  readonly corrections: readonly Correction[]
}

const note = 'brought the books to the units on hand'

/** How long a product that is changed all the time may keep its correction waiting. */
const PATIENCE_MS = 30_000

/**
 * The corrections that these differences call for: of every quantity that can stand. What is below zero, is no whole
 * number, belongs to no product, or is an order's, only a person can put right.
 */
export function correctionsOf(differences: readonly BookDifference[]): Correction[] {
  return differences.flatMap((difference) => {
    if (difference.kind !== 'quantity') return []
    const { productId, sku, expected, actual } = difference
    const change = lacking(actual, expected)
    return change === undefined ? [] : [{ productId, ...(sku !== undefined && { sku }), change }]
  })
}

/** What the books lack of this quantity; undefined where it is none that can stand. */
function lacking(quantity: unknown, booked: number): number | undefined {
  const canStand = Number.isInteger(quantity) && Number(quantity) >= 0
  const change = Number(quantity) - booked
  return canStand && Number.isSafeInteger(change) ? change : undefined
}

/**
 * Writes corrections, each in a transaction of its own, beside a shop that goes on selling; gives those that were
 * written. One that its product no longer calls for, because somebody has changed the books since, is not written.
 */
export function repairShop({ corrections, ...options }: RepairOptions): Promise<Correction[]> {
  return onShopDatabase(options, async (client, db) => {
    const collections = collectionsOf(db)
    await using session = client.startSession({ causalConsistency: false })
    // The product is locked while it is corrected: should this process be killed then, the shop frees it as any lane's.
    await using lane = await openLane(db, { session })
    const written: Correction[] = []
    for (const correction of corrections) {
      const giveUpAt = performance.now() + PATIENCE_MS
      const isWritten = await correct(collections, session, {
        correction,
        progress: { commitSent: false },
        givenUp: () => performance.now() > giveUpAt,
        onConflict: lane.freeDeadLanes,
        onGivenUp: lane.freeOwn,
      })
      if (isWritten) written.push(correction)
    }
    return written
  })
}

/** Whether the correction was written. It is computed again where nobody else can change the product. */
async function correct(
  collections: Collections,
  session: ClientSession,
  { correction, ...hooks }: { correction: Correction } & Hooks,
): Promise<boolean> {
  const { products, movements } = collections
  const { change } = correction
  const productId = new ObjectId(correction.productId)
  const _id = new ObjectId()
  return transact(
    session,
    async () => {
      // An earlier attempt may have been committed although no answer came back.
      if (hooks.progress.commitSent && (await movements.findOne({ _id }, { session }))) return true
      // Comes first: from here on every change of the product's stock waits for the end of this transaction, and all
      // that was committed before is in its snapshot. A document that the validator would refuse has books too.
      const product = await products.findOneAndUpdate(
        { _id: productId },
        { $inc: { revision: 1 }, $unset: { expectedRevision: '' } },
        { session, bypassDocumentValidation: true },
      )
      if (lacking(product?.quantity, await bookedUnits(collections, session, productId)) !== change) return false
      await movements.insertOne({ _id, productId, change, reason: 'repair', note, at: new Date() }, { session })
      return true
    },
    hooks,
  )
}

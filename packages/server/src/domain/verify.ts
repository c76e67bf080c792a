import type { ClientSession } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import { collectionsOf } from '../collections/collections.ts'
import type { BookDifference } from './books.ts'
import { countBooks } from './books.ts'
import { orderDifferences } from './order-differences.ts'
import type { VerifyOptions } from './shop-database.ts'
import { isLostSnapshot, onShopDatabase } from './shop-database.ts'
import { stockDifferences } from './stock-differences.ts'

/** The books of a shop at one moment: what was counted, and everything that does not add up. */
export interface VerifiedBooks {
  readonly products: number
  readonly orders: number
  readonly movements: number
  /** Units of all order lines that have not gone back to stock. */
  readonly units: number
  readonly differences: readonly BookDifference[]
}

const ATTEMPTS = 3

/**
 * Checks that for every product its movements less the units of its orders are its quantity, that every order is the
 * exact sum of its lines, and that it stands where its history and its units say. All of it is read in one snapshot,
 * beside a shop that goes on selling.
 */
export function verifyShop(options: VerifyOptions): Promise<VerifiedBooks> {
  return onShopDatabase(options, async (client, db) => {
    for (let attempt = 1; ; attempt++) {
      try {
        await using session = client.startSession({ snapshot: true })
        return await readBooks(collectionsOf(db), session)
      } catch (error) {
        // The check starts again in a newer snapshot.
        if (attempt === ATTEMPTS || !isLostSnapshot(error)) throw error
      }
    }
  })
}

async function readBooks(collections: Collections, session: ClientSession): Promise<VerifiedBooks> {
  const counts = await countBooks(collections, session)
  const stock = await stockDifferences(collections, session)
  const orders = await orderDifferences(collections, session)
  return { ...counts, differences: [...stock, ...orders] }
}

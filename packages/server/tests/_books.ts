import { ShopError } from '@stockroom/server'
import type { ObjectId } from 'mongodb'
import { MongoClient } from 'mongodb'

interface Place {
  readonly uri: string
  readonly database: string
}

/** One product's account, from the collections themselves. */
export interface Account {
  readonly sku: string
  readonly quantity: number
  /** Units that came by movements, the first stock included. */
  readonly moved: number
  /** Units in orders that hold them still. */
  readonly ordered: number
}

/** The account of every product, read past the shop. */
export async function books({ uri, database }: Place): Promise<Account[]> {
  await using client = new MongoClient(uri, { readConcernLevel: 'majority' })
  const db = client.db(database)
  const units = async (collection: string, pipeline: object[]) => {
    const sums = await db.collection(collection).aggregate<{ _id: ObjectId; units: number }>(pipeline).toArray()
    return new Map(sums.map(({ _id, units }) => [_id.toHexString(), units]))
  }
  const moved = await units('movements', [{ $group: { _id: '$productId', units: { $sum: '$change' } } }])
  const ordered = await units('orders', [
    { $match: { stockReturned: { $ne: true } } },
    { $unwind: '$lines' },
    { $group: { _id: '$lines.productId', units: { $sum: '$lines.quantity' } } },
  ])
  const products = await db.collection<{ sku: string; quantity: number }>('products').find().sort({ _id: 1 }).toArray()
  return products.map(({ _id, sku, quantity }) => {
    const id = _id.toHexString()
    return { sku, quantity, moved: moved.get(id) ?? 0, ordered: ordered.get(id) ?? 0 }
  })
}

/** The accounts that do not add up: none, in a shop whose books are right. */
export async function wrongBooks(place: Place): Promise<Account[]> {
  return (await books(place)).filter(
    ({ quantity, moved, ordered }) => quantity < 0 || !Number.isInteger(quantity) || moved - ordered !== quantity,
  )
}

/** The error of the table that a call is refused with. Anything else that happens is thrown. */
export async function refusal(call: Promise<unknown>): Promise<Pick<ShopError, 'code' | 'details'>> {
  try {
    await call
  } catch (error) {
    const { code, details } = shopErrorOf(error)
    return { code, details }
  }
  throw new Error('The call was not refused.')
}

/** How many of the calls succeeded (`ok`), and how many were refused with which code. Anything else is thrown. */
export async function tally(calls: Promise<unknown>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const outcome of await Promise.allSettled(calls)) {
    const key = outcome.status === 'fulfilled' ? 'ok' : shopErrorOf(outcome.reason).code
    counts[key] = (counts[key] ?? 0) + 1
  }
  return counts
}

/** Procedures throw the shop's error as the cause of their own, methods of the shop throw it itself. */
function shopErrorOf(error: unknown): ShopError {
  if (error instanceof ShopError) return error
  if (error instanceof Error && error.cause instanceof ShopError) return error.cause
  throw error
}

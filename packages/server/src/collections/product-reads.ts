import type { ClientSession, Db, Filter, Timestamp } from 'mongodb'
import { MongoError } from 'mongodb'
import type { ProductDocument } from './products.ts'
import { productsName } from './products.ts'

/** Products as they all were at one moment of the database's clock, committed by a majority. */
export interface ProductSnapshot {
  readonly documents: readonly ProductDocument[]
  readonly at: Timestamp
}

/** The collection was changed (an index, its validator) after the newest moment that a majority has. */
const SNAPSHOT_UNAVAILABLE = 246
const ATTEMPTS = 5

/** The products that the filter leaves, the first `limit` in order of `_id`. */
export async function readProducts(db: Db, filter: Filter<ProductDocument>, limit: number): Promise<ProductSnapshot> {
  const products = db.collection<ProductDocument>(productsName)
  let earlier: Timestamp | undefined
  for (let attempt = 1; ; attempt++) {
    // A session of its own: it is what remembers the moment that the database chose.
    await using session = db.client.startSession({ snapshot: true })
    try {
      const found = products.find(filter, { session, readConcern: { level: 'snapshot' }, maxTimeMS: 5000 })
      const documents = await found
        .sort({ _id: 1 })
        .limit(limit)
        .batchSize(limit + 1)
        .toArray()
      const at = timeOf(session) ?? earlier
      if (at) return { documents, at }
      // A collection that does not exist gives no time. The cluster's time before the next read stands in for it.
      earlier = (await db.command({ ping: 1 }))['operationTime']
    } catch (error) {
      if (attempt === ATTEMPTS || !(error instanceof MongoError && error.code === SNAPSHOT_UNAVAILABLE)) throw error
    }
  }
}

/** The driver keeps the moment for the next read of the session, and leaves it out of its types. */
function timeOf(session: ClientSession): Timestamp | undefined {
  return (session as { snapshotTime?: Timestamp }).snapshotTime
}

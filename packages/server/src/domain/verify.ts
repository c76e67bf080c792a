import type { ClientSession, Db } from 'mongodb'
import { MongoClient, MongoError, MongoServerSelectionError } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import { collectionsOf } from '../collections/collections.ts'
import { countBooks, orderDifferences, stockDifferences } from './books.ts'
import type { BookDifference } from './books.ts'

export interface VerifyOptions {
  /** The connection string of the MongoDB replica set that holds the shop. */
  readonly uri: string
  /** The database of the shop; `stockroom` unless given. */
  readonly database?: string
}

/** The books of a shop at one moment: what was counted, and everything that does not add up. */
export interface VerifiedBooks {
  readonly products: number
  readonly orders: number
  readonly movements: number
  /** Units of all order lines. */
  readonly units: number
  readonly differences: readonly BookDifference[]
}

/** The books cannot be checked: the message says why and what to do. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError'
}

/** A snapshot that the server no longer has, or has not yet: the check starts again in a newer one. */
const lostSnapshot = new Set<unknown>([239, 246])
const ATTEMPTS = 3

/**
 * Checks that for every product its movements less the units of its orders are its quantity, and that every order is
 * the exact sum of its lines. All of it is read in one snapshot, beside a shop that goes on selling.
 */
export async function verifyShop({ uri, database = 'stockroom' }: VerifyOptions): Promise<VerifiedBooks> {
  try {
    // A client of its own: the socket timeout of the shop's would cut a long aggregation off.
    await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000, readPreference: 'primary' })
    await client.connect()
    const db = client.db(database)
    await assertShop(db)
    for (let attempt = 1; ; attempt++) {
      try {
        await using session = client.startSession({ snapshot: true })
        return await readBooks(collectionsOf(db), session)
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof MongoError && lostSnapshot.has(error.code))) throw error
      }
    }
  } catch (error) {
    throw explained(error)
  }
}

async function readBooks(collections: Collections, session: ClientSession): Promise<VerifiedBooks> {
  const counts = await countBooks(collections, session)
  const stock = await stockDifferences(collections, session)
  const orders = await orderDifferences(collections, session)
  return { ...counts, differences: [...stock, ...orders] }
}

async function assertShop(db: Db): Promise<void> {
  const hello = await db.admin().command({ hello: 1 })
  if (hello.setName === undefined && hello.msg !== 'isdbgrid') {
    throw new VerifyError(
      'The MongoDB server is standalone, and a shop lives on a replica set: this is not the server of the shop.',
    )
  }
  const { products } = collectionsOf(db)
  if (!(await db.listCollections({ name: products.collectionName }).hasNext())) {
    throw new VerifyError(`There is no shop in the database "${db.databaseName}": name the one that holds it.`)
  }
}

function explained(error: unknown): unknown {
  if (error instanceof MongoServerSelectionError)
    return new VerifyError(`No MongoDB primary answers: ${error.message}. Is it running?`, { cause: error })
  if (error instanceof MongoError && lostSnapshot.has(error.code)) {
    return new VerifyError(
      'MongoDB dropped the snapshot before the check had read it all. Raise its parameter minSnapshotHistoryWindowInSeconds (300 by default) and check again.',
      { cause: error },
    )
  }
  if (error instanceof MongoError)
    return new VerifyError(`MongoDB refused the check: ${error.message}`, { cause: error })
  // The parser of addresses has a class of its own by this name.
  if (error instanceof Error && error.name === 'MongoParseError')
    return new VerifyError(`The address of MongoDB is wrong: ${error.message}.`, { cause: error })
  return error
}

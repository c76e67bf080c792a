import type { Db } from 'mongodb'
import { MongoClient, MongoError, MongoServerSelectionError } from 'mongodb'
import { collectionsOf } from '../collections/collections.ts'
import { isStandalone } from '../collections/topology.ts'
import { isTransient } from '../collections/transient.ts'

export interface VerifyOptions {
  /** The connection string of the MongoDB replica set that holds the shop. */
  readonly uri: string
  /** The database of the shop; `stockroom` unless given. */
  readonly database?: string
}

/** The books cannot be checked or corrected: the message says why and what to do. */
export class VerifyError extends Error {
  override readonly name = 'VerifyError'
}

/** A snapshot that the server no longer has, or has not yet. */
const lostSnapshot = new Set<unknown>([239, 246])

export const isLostSnapshot = (error: unknown): error is MongoError =>
  error instanceof MongoError && lostSnapshot.has(error.code)

/** Works on the database of a shop past the shop, which may be running or not. Throws VerifyError for what MongoDB says. */
export async function onShopDatabase<T>(
  { uri, database = 'stockroom' }: VerifyOptions,
  work: (client: MongoClient, db: Db) => Promise<T>,
): Promise<T> {
  try {
    // A client of its own: the socket timeout of the shop's would cut a long aggregation off.
    await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000, readPreference: 'primary' })
    await client.connect()
    const db = client.db(database)
    await assertShop(db)
    return await work(client, db)
  } catch (error) {
    throw explained(error)
  }
}

async function assertShop(db: Db): Promise<void> {
  if (await isStandalone(db)) {
    throw new VerifyError(
      'The MongoDB server is standalone, and a shop lives on a replica set: this is not the server of the shop. Pass the address of the one that is.',
    )
  }
  const { products } = collectionsOf(db)
  if (!(await db.listCollections({ name: products.collectionName }).hasNext())) {
    throw new VerifyError(`There is no shop in the database "${db.databaseName}": name the one that holds it.`)
  }
}

function explained(error: unknown): unknown {
  if (error instanceof MongoServerSelectionError)
    return new VerifyError(`No MongoDB primary answers: ${error.message}. Start it, or correct the address.`, {
      cause: error,
    })
  if (isLostSnapshot(error)) {
    return new VerifyError(
      'MongoDB dropped the snapshot before the check had read it all. Raise its parameter minSnapshotHistoryWindowInSeconds (300 by default) and check again.',
      { cause: error },
    )
  }
  if (error instanceof MongoError) {
    const text = isTransient(error)
      ? `The work on the books was interrupted: ${error.message}. Run it again.`
      : `MongoDB refused the work on the books: ${error.message}. See that the user may read and write the shop.`
    return new VerifyError(text, { cause: error })
  }
  // The driver passes on what the DNS says of a mongodb+srv address.
  if (error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('query'))
    return new VerifyError(`The host of MongoDB cannot be looked up: ${error.message}. Check its address.`, {
      cause: error,
    })
  // By name: a malformed address is refused by a library of the driver, whose class is no MongoError.
  if (error instanceof Error && error.name === 'MongoParseError')
    return new VerifyError(
      `The address of MongoDB is wrong: ${error.message}. It looks like mongodb://host:27017/?replicaSet=name`,
      { cause: error },
    )
  return error
}

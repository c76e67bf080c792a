import { randomBytes } from 'node:crypto'
import { MongoClient } from 'mongodb'
import { openShop } from './open-shop.ts'
import { createCaller } from './router.ts'
import type { Shop } from './shop.ts'

export interface TestShop extends AsyncDisposable {
  /** Calls the procedures in the process. */
  readonly caller: ReturnType<typeof createCaller>
  readonly shop: Shop
  readonly uri: string
  /** The name of the shop's own, fresh database. */
  readonly database: string
}

export interface TestShopOptions {
  /** A MongoDB replica set for tests; the variable MONGODB_URI unless given. */
  readonly uri?: string
  /** An existing database to open instead of a fresh one; it is then left in place. */
  readonly database?: string
}

/**
 * A whole shop for one test, in a database of its own that is dropped with it:
 * `await using test = await testShop({ uri })`, then `test.caller.products.list()`.
 */
export async function testShop(options: TestShopOptions = {}): Promise<TestShop> {
  // oxlint-disable-next-line node/no-process-env -- a test has no configuration to read it from
  const uri = options.uri ?? process.env.MONGODB_URI
  if (!uri) throw new Error('testShop needs a MongoDB replica set: pass { uri }, or set MONGODB_URI.')
  const database = options.database ?? `stockroom-test-${randomBytes(6).toString('hex')}`
  const shop = await openShop({ uri, database })
  return {
    caller: createCaller({ shop }),
    shop,
    uri,
    database,
    async [Symbol.asyncDispose]() {
      await shop[Symbol.asyncDispose]()
      if (options.database === undefined) await drop(uri, database)
    },
  }
}

async function drop(uri: string, database: string): Promise<void> {
  await using client = new MongoClient(uri)
  await client.db(database).dropDatabase()
}

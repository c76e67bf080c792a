import { setTimeout as wait } from 'node:timers/promises'
import type { MongoClientOptions } from 'mongodb'
import { MongoClient } from 'mongodb'
import { collectionsOf, ensureCollections } from './collections/collections.ts'
import type { Lane } from './collections/lanes.ts'
import { openLane } from './collections/lanes.ts'
import { isStandalone, isWithoutSet } from './collections/topology.ts'
import { openCatalogue } from './domain/catalogue.ts'
import { openDesk } from './domain/desk.ts'
import { openOrderChanges } from './domain/order-changes.ts'
import { openOrderWatch } from './domain/order-watch.ts'
import { openOrders } from './domain/orders.ts'
import { openOwnWrites } from './domain/own-writes.ts'
import { openProductWatch } from './domain/product-watch.ts'
import { openProducts } from './domain/products.ts'
import { openWatches } from './domain/watches.ts'
import type { Door } from './peers/door.ts'
import { openDoor } from './peers/door.ts'
import { openLeads } from './peers/leads.ts'
import { openSharedDesk } from './peers/shared-desk.ts'
import { ShopSetupError } from './setup-error.ts'
import type { Shop } from './shop.ts'

export interface OpenShopOptions {
  /** The connection string of a MongoDB replica set or sharded cluster. */
  readonly uri: string
  /** The database that holds the shop; `stockroom` unless given. */
  readonly database?: string
}

/** The bounds of every wait: the driver's own `timeoutMS` has no effect in this version. */
const options: MongoClientOptions = {
  retryWrites: true,
  retryReads: true,
  readConcern: { level: 'majority' },
  readPreference: 'primary',
  heartbeatFrequencyMS: 1000,
  connectTimeoutMS: 2000,
  socketTimeoutMS: 10_000,
  serverSelectionTimeoutMS: 5000,
  waitQueueTimeoutMS: 2000,
}

/**
 * Connects to MongoDB, makes collections, validators and indexes, and gives the shop. Dispose of it to serve what
 * waits and to disconnect. Throws ShopSetupError on a standalone server, a replica set that was not initiated, a write
 * concern below majority, or a database that holds something else.
 */
export async function openShop({ uri, database = 'stockroom' }: OpenShopOptions): Promise<Shop> {
  assertMajority(uri)
  const client = new MongoClient(uri, { ...options, writeConcern: { w: 'majority', wtimeoutMS: 5000 } })
  try {
    await client.connect()
    await assertReplicaSet(client)
    await ensure(uri, database)
    return await wire(client, database)
  } catch (error) {
    await client.close()
    if (!isWithoutSet(error)) throw error
    const text = 'The MongoDB server belongs to no replica set yet: run rs.initiate() on it once.'
    throw new ShopSetupError(text, { cause: error })
  }
}

/** Each transaction of the desk reads what it needs by itself. */
const unlinked = { causalConsistency: false }

async function wire(client: MongoClient, database: string): Promise<Shop> {
  const db = client.db(database)
  const collections = collectionsOf(db)
  const session = client.startSession(unlinked)
  const own = openOwnWrites(session)
  const catalogue = openCatalogue(db, { own })
  let door: Door | undefined
  let lane: Lane
  const ownDesk = openDesk({
    collections,
    session,
    onConflict: () => lane.freeDeadLanes(),
    onGivenUp() {
      own.lost()
      lane.freeOwn()
    },
    onCommit(products) {
      own.acknowledged()
      catalogue.apply(products)
      door?.committed(products)
    },
  })
  door = await openDoor((command, caller) => ownDesk.submit(command, caller))
  const leads = openLeads()
  const desk = openSharedDesk({ desk: ownDesk, leads, door, onCommit: catalogue.apply })
  try {
    lane = await openLane(db, {
      session,
      door: door?.path,
      onLook: leads.follow,
      // While orders are handed over there are no conflicts that would tell of the lead's death.
      looksAlways: () => leads.current() !== undefined,
    })
  } catch (error) {
    // The stream of changes would be asked for again and again, and keep the process alive.
    await Promise.all([catalogue[Symbol.asyncDispose](), desk.close()])
    throw error
  }
  const watches = openWatches()
  const orderChanges = openOrderChanges(client, collections.orders)
  const orders = openOrders(collections, desk)
  return {
    products: {
      ...openProducts(collections, catalogue, desk),
      watch: openProductWatch(collections, catalogue, watches),
    },
    orders: { ...orders, watch: openOrderWatch(orders, orderChanges, watches) },
    async isReady() {
      const hello = db.command({ hello: 1 }).then(
        ({ isWritablePrimary }) => isWritablePrimary === true,
        () => false,
      )
      return Promise.race([hello, wait(1000, false, { ref: false })])
    },
    async [Symbol.asyncDispose]() {
      watches[Symbol.dispose]()
      const closed = Promise.all([orderChanges[Symbol.asyncDispose](), catalogue[Symbol.asyncDispose]()])
      await desk.close()
      await lane[Symbol.asyncDispose]()
      await session.endSession()
      await closed
      await client.close()
    },
  }
}

/** Index builds get a client of their own: the socket timeout of the shop's would cut a long one off. */
async function ensure(uri: string, database: string): Promise<void> {
  await using client = new MongoClient(uri, { serverSelectionTimeoutMS: 5000, writeConcern: { w: 'majority' } })
  await ensureCollections(client.db(database))
}

/** An order acknowledged by less than a majority is lost when the primary is. */
function assertMajority(uri: string): void {
  const asked = new MongoClient(uri).options.writeConcern
  if (asked && ((asked.w !== undefined && asked.w !== 'majority') || asked.journal === false)) {
    throw new ShopSetupError(
      'The connection string asks for a write concern below majority, with which acknowledged orders can be lost. Remove w and journal from it.',
    )
  }
}

async function assertReplicaSet(client: MongoClient): Promise<void> {
  if (await isStandalone(client.db())) {
    throw new ShopSetupError(
      'The MongoDB server is standalone, and orders need transactions. Start mongod with --replSet and run rs.initiate() once; a set of one member will do.',
    )
  }
}

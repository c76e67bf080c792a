import { startMongo } from '@stockroom/local-mongo'
import { openShop } from '@stockroom/server'
import { MongoClient, ObjectId } from 'mongodb'
import type { StoredProduct } from './contenders/documents.ts'
import { fillOrders } from './fill-orders.ts'

/** The MongoDB that a whole run uses: one node, thrown away at the end. */
export interface BenchDatabase extends AsyncDisposable {
  readonly version: string
  /** A shop in a database of its own, with one product for each of the given stocks. Disposing drops it. */
  freshShop(stocks: readonly number[]): Promise<BenchShop>
}

export interface BenchShop extends AsyncDisposable {
  readonly uri: string
  readonly database: string
  readonly productIds: readonly string[]
  countOrders(): Promise<number>
  /** Of the first orders. */
  orderIds(count: number): Promise<string[]>
  /** The units on hand of each of these products. */
  stockOf(productIds: readonly string[]): Promise<Record<string, number>>
  /** Stores orders of one unit each without placing them, and takes their units from stock. */
  fillOrders(count: number): Promise<void>
}

export async function openDatabase(): Promise<BenchDatabase> {
  const mongo = await startMongo()
  const client = await new MongoClient(mongo.uri).connect()
  const { version } = (await client.db('admin').command({ buildInfo: 1 })) as { version: string }
  let shops = 0
  return {
    version,
    async freshShop(stocks) {
      const database = `bench-${++shops}`
      const productIds = await fill({ uri: mongo.uri, database, stocks })
      const db = client.db(database)
      return {
        uri: mongo.uri,
        database,
        productIds,
        countOrders: () => db.collection('orders').estimatedDocumentCount(),
        orderIds: async (count) => {
          const first = db.collection('orders').find().sort({ _id: 1 }).limit(count).project({ _id: 1 })
          return (await first.toArray()).map(({ _id }) => String(_id))
        },
        stockOf: async (ids) => {
          const wanted = { _id: { $in: ids.map((id) => new ObjectId(id)) } }
          const found = await db.collection<StoredProduct>('products').find(wanted).toArray()
          return Object.fromEntries(found.map(({ _id, quantity }) => [_id.toHexString(), quantity]))
        },
        fillOrders: (count) => fillOrders(db, count),
        [Symbol.asyncDispose]: async () => void (await db.dropDatabase()),
      }
    },
    async [Symbol.asyncDispose]() {
      await client.close()
      await mongo[Symbol.asyncDispose]()
    },
  }
}

/** Enough that no order is refused. */
export const AMPLE = 1_000_000_000

const ROWS_AT_ONCE = 1000

async function fill({ uri, database, stocks }: { uri: string; database: string; stocks: readonly number[] }) {
  await using shop = await openShop({ uri, database })
  const ids: string[] = []
  for (let first = 0; first < stocks.length; first += ROWS_AT_ONCE) {
    const rows = stocks.slice(first, first + ROWS_AT_ONCE).map((quantity, index) => {
      const number = String(first + index + 1).padStart(6, '0')
      return {
        sku: `SKU-${number}`,
        name: `Product ${number}`,
        price: { amount: 1290, currency: 'EUR' as const },
        quantity,
      }
    })
    const { results } = await shop.products.upsertMany({ rows })
    ids.push(...results.map(({ id }) => id))
  }
  return ids
}

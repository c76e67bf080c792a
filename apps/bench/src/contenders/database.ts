import { MongoClient, ObjectId } from 'mongodb'
import { onJob } from '../child.ts'
import type { ServerJob } from '../contenders.ts'
import type { StoredOrder, StoredProduct } from './documents.ts'
import { clientOptions, orderOf } from './documents.ts'

export interface DatabaseJob extends ServerJob {
  readonly productIds: readonly string[]
  /** Orders in a transaction. */
  readonly batch: number
  readonly warmUpMs: number
  readonly measureMs: number
}

export interface DatabaseResult {
  readonly seconds: number
  readonly measured: number
  readonly all: number
}

/** What the database itself takes: orders in transactions from one loop, with nothing around it. */
onJob(async ({ uri, database, productIds, batch, warmUpMs, measureMs }: DatabaseJob) => {
  await using client = await new MongoClient(uri, clientOptions).connect()
  const products = client.db(database).collection<StoredProduct>('products')
  const orders = client.db(database).collection<StoredOrder>('orders')
  const ids = productIds.map((id) => new ObjectId(id))
  const stock = await products.find({ _id: { $in: ids } }).toArray()
  await using session = client.startSession({ causalConsistency: false })
  let [all, measured, next] = [0, 0, 0]
  const from = performance.now() + warmUpMs
  let now = performance.now()
  let begun = Infinity
  while (now < from + measureMs) {
    const counting = now >= from
    if (counting) begun = Math.min(begun, now)
    await commitBatch()
    all += batch
    if (counting) measured += batch
    now = performance.now()
  }
  return { seconds: (now - begun) / 1000, measured, all } satisfies DatabaseResult

  async function commitBatch(): Promise<void> {
    const sold = new Map<StoredProduct, number>()
    const placed = Array.from({ length: batch }, () => {
      const product = stock[next++ % stock.length]!
      sold.set(product, (sold.get(product) ?? 0) + 1)
      return orderOf(product, `buyer-${next % 100}`, 1)
    })
    session.startTransaction({ readConcern: { level: 'snapshot' }, writeConcern: { w: 'majority' } })
    await orders.insertMany(placed, { session })
    // As the shop does: by `_id` alone, and the validator refuses a quantity below zero.
    await products.bulkWrite(
      Array.from(sold, ([{ _id }, units]) => ({
        updateOne: { filter: { _id }, update: { $inc: { quantity: -units } } },
      })),
      { session },
    )
    await session.commitTransaction()
  }
})

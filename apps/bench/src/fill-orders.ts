import type { Db } from 'mongodb'
import type { StoredOrder, StoredProduct } from './contenders/documents.ts'
import { orderOf } from './contenders/documents.ts'

const AT_ONCE = 2000

/** In the shape in which the shop stores them, so that it does not know the difference. */
export async function fillOrders(db: Db, count: number): Promise<void> {
  if (count === 0) return
  const products = db.collection<StoredProduct>('products')
  const orders = db.collection<StoredOrder>('orders')
  const all = await products.find().toArray()
  for (let stored = 0; stored < count; stored += AT_ONCE) {
    const batch = Array.from({ length: Math.min(AT_ONCE, count - stored) }, (_, index) => {
      const number = stored + index
      return orderOf(all[number % all.length]!, `buyer-${number % 100}`, 1)
    })
    await orders.insertMany(batch, { ordered: false, writeConcern: { w: 1 } })
  }
  const sold = all.slice(0, count).map(({ _id }, index) => ({ _id, units: Math.ceil((count - index) / all.length) }))
  await products.bulkWrite(
    sold.map(({ _id, units }) => ({ updateOne: { filter: { _id }, update: { $inc: { quantity: -units } } } })),
    { writeConcern: { w: 'majority' } },
  )
  // What is measured next must not wait for these to reach the disk.
  await db.admin().command({ fsync: 1 })
}

import type { ClientSession } from 'mongodb'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Batch, Snapshot } from './batch.ts'
import type { Command } from './commands.ts'
import { scoped } from './idempotency.ts'

/** Reads all that the commands name, in the batch's transaction: one query a collection, unless orders are moved. */
export async function readSnapshot(
  collections: Collections,
  session: ClientSession,
  commands: readonly Command[],
): Promise<Snapshot> {
  const orders = await readOrders(collections, session, commands)
  const movements = await readMovements(collections, session, commands)
  const ids = new Set<string>()
  const skus: string[] = []
  for (const command of commands) {
    if (command.kind === 'placeOrder') for (const { productId } of command.lines) ids.add(productId)
    else if (command.kind === 'moveOrder') {
      if (!command.restock) continue
      for (const { productId } of orders.get(command.orderId)?.lines ?? []) ids.add(productId.toHexString())
    } else if (command.kind === 'addProduct') skus.push(command.product.sku)
    else if (command.kind === 'upsertRows') for (const { product } of command.rows) skus.push(product.sku)
    else ids.add(command.productId)
  }
  return { products: await readNamedProducts(collections, session, { ids, skus }), orders, movements }
}

/** In the batch's transaction: products by id, and by SKU. */
export async function readNamedProducts(
  { products }: Collections,
  session: ClientSession,
  { ids, skus = [] }: { readonly ids: Iterable<string>; readonly skus?: readonly string[] },
): Promise<ProductDocument[]> {
  const byId = { _id: { $in: Array.from(ids, (id) => new ObjectId(id)) } }
  if (skus.length > 0) return products.find({ $or: [byId, { sku: { $in: skus } }] }, { session }).toArray()
  return byId._id.$in.length === 0 ? [] : products.find(byId, { session }).toArray()
}

/** Orders to be moved come first: their users are the scope of the keys that are looked up then. */
async function readOrders(
  { orders }: Collections,
  session: ClientSession,
  commands: readonly Command[],
): Promise<Map<string, OrderDocument>> {
  const found = new Map<string, OrderDocument>()
  const ids = commands.flatMap((command) => (command.kind === 'moveOrder' ? [new ObjectId(command.orderId)] : []))
  if (ids.length > 0) keep(await orders.find({ _id: { $in: ids } }, { session }).toArray())
  const keys = commands.flatMap((command) => {
    if (command.kind !== 'placeOrder' && command.kind !== 'moveOrder') return []
    const user = command.kind === 'placeOrder' ? command.userId : found.get(command.orderId)?.userId
    return command.key && user !== undefined ? [scoped(command.key, user)] : []
  })
  if (keys.length > 0) keep(await orders.find({ keys: { $in: keys } }, { session }).toArray())
  return found

  function keep(read: OrderDocument[]): void {
    for (const order of read) found.set(order._id.toHexString(), order)
  }
}

async function readMovements(
  { movements }: Collections,
  session: ClientSession,
  commands: readonly Command[],
): Promise<Batch['movements']> {
  const keys = commands.flatMap((command) =>
    command.kind === 'adjustQuantity' && command.key ? [scoped(command.key, '')] : [],
  )
  return keys.length === 0 ? [] : movements.find({ key: { $in: keys } }, { session }).toArray()
}

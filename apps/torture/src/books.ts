import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import type { Document, MongoClient } from 'mongodb'
import { ReadConcern } from 'mongodb'
import type { PricedLine } from './history.ts'
import { readLines } from './history.ts'

/** What the database holds in the end, as it stands there: nothing is taken for granted. */
export interface Books {
  readonly products: readonly BookedProduct[]
  readonly orders: readonly BookedOrder[]
  readonly movements: readonly BookedMovement[]
}

interface BookedProduct {
  readonly id: string
  readonly quantity: number
  readonly price: number
}

export interface BookedOrder {
  readonly id: string
  readonly userId: string
  readonly status: string
  readonly total: number
  readonly lines: readonly PricedLine[]
  readonly history: readonly { readonly status: string; readonly reason?: string }[]
  readonly keys: readonly string[]
  readonly stockReturned: boolean
}

interface BookedMovement {
  readonly product: string
  readonly change: number
  readonly reason: string
  readonly note?: string
}

/** What a majority of the members holds, by the names of the collections and fields: no code of the shop has a say. */
export async function readBooks(client: MongoClient, database: string): Promise<Books> {
  const db = client.db(database, { readConcern: new ReadConcern('majority'), readPreference: 'primary' })
  const read = (name: string) => db.collection(name).find().sort({ _id: 1 }).toArray()
  return {
    products: (await read('products')).map(({ _id, quantity, price }) => ({
      id: String(_id),
      quantity: quantity as number,
      price: (price as { amount: number }).amount,
    })),
    orders: (await read('orders')).map(toOrder),
    movements: (await read('movements')).map(({ productId, change, reason, note }) => ({
      product: String(productId),
      change: change as number,
      reason: reason as string,
      ...(note !== undefined && { note: note as string }),
    })),
  }
}

function toOrder(order: Document): BookedOrder {
  const lines = order.lines as { productId: unknown; quantity: number; unitPrice: Amount; total: Amount }[]
  const history = order.history as { status: string; reason?: string }[]
  return {
    id: String(order._id),
    userId: order.userId as string,
    status: order.status as string,
    total: (order.total as Amount).amount,
    lines: lines.map(({ productId, quantity, unitPrice, total }) => ({
      product: String(productId),
      quantity,
      unitPrice: unitPrice.amount,
      total: total.amount,
    })),
    history: history.map(({ status, reason }) => ({ status, ...(reason !== undefined && { reason }) })),
    keys: (order.keys as string[] | undefined) ?? [],
    stockReturned: order.stockReturned === true,
  }
}

interface Amount {
  readonly amount: number
}

type BookLine = { [Kind in keyof Books]: { readonly kind: Kind; readonly entry: Books[Kind][number] } }[keyof Books]

export async function writeBooks(path: string, books: Books): Promise<void> {
  const file = createWriteStream(path)
  for (const kind of ['products', 'orders', 'movements'] as const) {
    for (const entry of books[kind]) file.write(`${JSON.stringify({ kind, entry })}\n`)
  }
  file.end()
  await finished(file)
}

export async function loadBooks(path: string): Promise<Books> {
  const books: { products: BookedProduct[]; orders: BookedOrder[]; movements: BookedMovement[] } = {
    products: [],
    orders: [],
    movements: [],
  }
  for await (const line of readLines<BookLine>(path)) {
    if (line.kind === 'products') books.products.push(line.entry)
    else if (line.kind === 'orders') books.orders.push(line.entry)
    else books.movements.push(line.entry)
  }
  return books
}

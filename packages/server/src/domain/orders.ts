import type { CreateOrder } from '@stockroom/contracts'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import { toOrder } from '../collections/orders.ts'
import type { Shop } from '../shop.ts'
import type { PlaceOrder } from './commands.ts'
import type { Desk } from './desk.ts'
import { reading, ShopError } from './errors.ts'
import { fromCursor, parseId, toCursor } from './ids.ts'

const DEFAULT_LIMIT = 100

export function openOrders({ orders }: Collections, desk: Desk): Shop['orders'] {
  return {
    async create(input) {
      const lines = mergedLines(input)
      return toOrder(await desk.submit({ kind: 'placeOrder', orderId: new ObjectId(), userId: input.userId, lines }))
    },

    async list({ skip = 0, limit = DEFAULT_LIMIT, cursor }) {
      const filter = cursor === undefined ? {} : { _id: { $gt: fromCursor('orders', cursor) } }
      const found = await reading(() =>
        orders
          .find(filter, { maxTimeMS: 5000 })
          .sort({ _id: 1 })
          .skip(skip)
          .limit(limit + 1)
          .toArray(),
      )
      const items = found.slice(0, limit)
      const last = items.at(-1)
      return {
        items: items.map(toOrder),
        nextCursor: last && found.length > limit ? toCursor('orders', last._id) : null,
      }
    },

    async byId({ id }) {
      const _id = parseId(id)
      const order = _id && (await reading(() => orders.findOne({ _id }, { maxTimeMS: 5000 })))
      if (!order) throw new ShopError('ORDER_NOT_FOUND', { orderId: id })
      return toOrder(order)
    },
  }
}

/** One line a product, in the order they were first named: two lines of one product must not pass the guard apart. */
function mergedLines({ lines, productId, quantity }: CreateOrder): PlaceOrder['lines'] {
  const requested = lines ?? [{ productId: productId!, quantity: quantity! }]
  const malformed = requested.filter((line) => !parseId(line.productId))
  if (malformed.length > 0)
    throw new ShopError('PRODUCT_NOT_FOUND', { productIds: malformed.map((line) => line.productId) })
  const merged = new Map<string, number>()
  for (const line of requested) {
    const id = line.productId.toLowerCase()
    merged.set(id, (merged.get(id) ?? 0) + line.quantity)
  }
  return Array.from(merged, ([id, units]) => ({ productId: id, quantity: units }))
}

import type { CreateOrder, MoveOrder as MoveOrderInput, Order } from '@stockroom/contracts'
import { ObjectId } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { OrderDocument } from '../collections/orders.ts'
import { toOrder } from '../collections/orders.ts'
import { madeOnce } from '../made-once.ts'
import type { Call, Shop } from '../shop.ts'
import type { MoveOrder, PlaceOrder } from './commands.ts'
import type { Desk } from './desk.ts'
import { reading, ShopError } from './errors.ts'
import { keyOf } from './idempotency.ts'
import { isId, parseId, toCursor } from './ids.ts'
import { orderFilter } from './order-filter.ts'
import { readsTogether } from './reads-together.ts'

const DEFAULT_LIMIT = 100
/** A page ends early rather than hold more lines than this, some megabytes of JSON: an order has up to 2,000. */
const MAX_LINES = 20_000

export function openOrders({ orders }: Collections, desk: Pick<Desk, 'submit'>): Omit<Shop['orders'], 'watch'> {
  const read = readsTogether(async (ids) => {
    // By default the first answer holds no more than 101 documents.
    const options = { maxTimeMS: 5000, batchSize: ids.length + 1 }
    const found = await reading(() => orders.find({ _id: { $in: [...ids] } }, options).toArray())
    return new Map(found.map((order) => [order._id.toHexString(), order]))
  })
  return {
    async create(input, call = {}) {
      const { userId, idempotencyKey } = input
      const lines = mergedLines(input)
      const key = keyOf(idempotencyKey, call, ['place', userId, lines])
      return answered({ kind: 'placeOrder', orderId: new ObjectId(), userId, lines, key }, call)
    },

    cancel: (input, call) => move({ to: 'cancelled', restock: true }, input, call),
    pay: (input, call) => move({ to: 'paid', restock: false }, input, call),
    fulfil: (input, call) => move({ to: 'fulfilled', restock: false }, input, call),
    refund: ({ restock = false, ...input }, call) => move({ to: 'refunded', restock }, input, call),

    async list({ skip = 0, limit = DEFAULT_LIMIT, ...input }) {
      const direction = input.sort === 'newest' ? -1 : 1
      const filter = orderFilter(input)
      const found = orders
        .find(filter, { maxTimeMS: 5000 })
        .sort({ _id: direction })
        .skip(skip)
        .limit(limit + 1)
      const { page, isLast } = await reading(() => firstOf(found, limit))
      const last = page.at(-1)
      return { items: page.map(toOrder), nextCursor: last && !isLast ? toCursor('orders', last._id) : null }
    },

    async byId({ id }) {
      const _id = parseId(id)
      const order = _id && ((await read(_id)) ?? (await readSurely(_id)))
      if (!order) throw new ShopError('ORDER_NOT_FOUND', { orderId: id })
      return toOrder(order)
    },
  }

  /** A primary that was just elected may not know for a second what the last one has acknowledged. */
  function readSurely(_id: ObjectId): Promise<OrderDocument | null> {
    return reading(() => orders.findOne({ _id }, { readConcern: 'linearizable', maxTimeMS: 5000 }))
  }

  async function move(
    { to, restock }: Pick<MoveOrder, 'to' | 'restock'>,
    { id, reason, idempotencyKey }: MoveOrderInput,
    call: Call = {},
  ): Promise<Order> {
    const orderId = parseId(id)?.toHexString()
    if (!orderId) throw new ShopError('ORDER_NOT_FOUND', { orderId: id })
    const key = keyOf(idempotencyKey, call, ['move', orderId, to, restock, reason])
    return answered({ kind: 'moveOrder', orderId, stepId: new ObjectId(), to, reason, restock, key }, call)
  }

  async function answered(command: PlaceOrder | MoveOrder, call: Call): Promise<Order> {
    const toAnswer = madeOnce(toOrder)
    const result = await desk.submit(command, {
      onDecided({ value }) {
        try {
          call.onDecided?.(toAnswer(value))
        } catch {
          // What fails here fails again where it is wanted, and is told there.
        }
      },
    })
    call.replayed = result.replayed
    return toAnswer(result.value)
  }
}

async function firstOf(found: AsyncIterable<OrderDocument>, limit: number) {
  const page: OrderDocument[] = []
  let lines = 0
  for await (const order of found) {
    lines += order.lines.length
    if (page.length === limit || (page.length > 0 && lines > MAX_LINES)) return { page, isLast: false }
    page.push(order)
  }
  return { page, isLast: true }
}

/** One line a product, in the order they were first named: two lines of one product must not pass the guard apart. */
function mergedLines(input: CreateOrder): PlaceOrder['lines'] {
  const requested = input.lines ?? [input]
  const malformed = requested.filter((line) => !isId(line.productId))
  if (malformed.length > 0) {
    throw new ShopError('PRODUCT_NOT_FOUND', { productIds: [...new Set(malformed.map((line) => line.productId))] })
  }
  const merged = new Map<string, { productId: string; quantity: number }>()
  for (const { productId, quantity } of requested) {
    const id = productId.toLowerCase()
    const line = merged.get(id)
    if (line) line.quantity += quantity
    else merged.set(id, { productId: id, quantity })
  }
  return [...merged.values()]
}

import type { OrderDocument, OrderLineDocument, OrderStepDocument } from '../collections/orders.ts'
import type { Batch } from './batch.ts'
import type { MoveOrder, PlaceOrder, Replayable } from './commands.ts'
import { ShopError } from './errors.ts'
import type { Key } from './idempotency.ts'
import { scoped } from './idempotency.ts'
import { canMove, transitions } from './order-status.ts'
import { isKnown, price, toShortage } from './pricing.ts'
import type { WorkingOrders } from './working-orders.ts'
import { orderAsOf } from './working-orders.ts'
import type { WorkingStock } from './working-stock.ts'

export function placeOrder(
  batch: Batch,
  { orderId, userId, lines, key }: PlaceOrder,
): Replayable<OrderDocument> | ShopError {
  const { stock, orders, time } = batch
  const known = repeated(orders, { key, user: userId })
  if (known) return known
  const wanted = lines.map((line) => ({ ...line, product: stock.get(line.productId) }))
  if (!wanted.every(isKnown)) {
    const unknown = wanted.filter((line) => !line.product)
    return new ShopError('PRODUCT_NOT_FOUND', { productIds: unknown.map((line) => line.productId) })
  }
  const short = wanted.filter(({ product, quantity }) => product.quantity < quantity)
  if (short.length > 0) return new ShopError('OUT_OF_STOCK', { products: short.map(toShortage) })
  const priced = price(wanted)
  if (priced instanceof ShopError) return priced
  for (const { productId, product, quantity } of wanted) {
    stock.change(productId, product, { quantity: product.quantity - quantity })
  }
  const step = stepOf({ _id: orderId, status: 'placed', at: time }, { key, user: userId })
  const order: OrderDocument = { _id: orderId, userId, ...priced, status: 'placed', history: [step], createdAt: time }
  if (step.key !== undefined) order.keys = [step.key]
  orders.place(order)
  return { value: order, replayed: false }
}

export function moveOrder(
  { stock, orders, time }: Batch,
  { orderId, stepId, to, reason, restock, key }: MoveOrder,
): Replayable<OrderDocument> | ShopError {
  const order = orders.get(orderId)
  if (!order) return new ShopError('ORDER_NOT_FOUND', { orderId })
  const known = repeated(orders, { key, user: order.userId, order })
  if (known) return known
  // Whoever cancels wants it cancelled: that it is so already is no failure, and returns no unit twice.
  if (order.status === 'cancelled' && to === 'cancelled') return { value: order, replayed: false }
  const from = order.status
  if (!canMove(from, to)) return new ShopError('INVALID_TRANSITION', { from, to, allowed: [...transitions[from]] })
  if (restock) for (const line of order.lines) giveBack(stock, line)
  const step = stepOf(
    { _id: stepId, status: to, at: time, ...(reason !== undefined && { reason }) },
    { key, user: order.userId },
  )
  const moved: OrderDocument = { ...order, status: to, history: [...order.history, step] }
  if (step.key !== undefined) moved.keys = [...(order.keys ?? []), step.key]
  if (restock) moved.stockReturned = true
  orders.move(orderId, moved)
  return { value: moved, replayed: false }
}

/** A product that somebody took out of the database has no stock to give back to. */
function giveBack(stock: WorkingStock, line: OrderLineDocument): void {
  const productId = line.productId.toHexString()
  const product = stock.get(productId)
  if (product) stock.change(productId, product, { quantity: product.quantity + line.quantity })
}

interface KeyUse {
  readonly key: Key | undefined
  readonly user: string
  /** The order that the request names, if it names one. */
  readonly order?: OrderDocument
}

/** The answer that this key's request got before, or why the key cannot be used for this one. */
function repeated(
  orders: WorkingOrders,
  { key, user, order: named }: KeyUse,
): Replayable<OrderDocument> | ShopError | undefined {
  const scopedKey = key && scoped(key, user)
  const order = scopedKey === undefined ? undefined : orders.byKey(scopedKey)
  const step = order?.history.find((candidate) => candidate.key === scopedKey)
  if (!order || !step) return undefined
  if (step.hash !== key?.hash || (named && named !== order)) return new ShopError('IDEMPOTENCY_KEY_REUSED', {})
  return { value: orderAsOf(order, step), replayed: true }
}

function stepOf(step: OrderStepDocument, { key, user }: KeyUse): OrderStepDocument {
  return key ? { ...step, key: scoped(key, user), hash: key.hash } : step
}

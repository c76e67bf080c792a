import type { Input, Line } from './history.ts'
import type { Random } from './random.ts'

/** How often a client does what: the numbers are weights. */
export type Mix = Readonly<Record<Input['kind'], number>>

export interface Market {
  readonly products: readonly string[]
  /** Orders that somebody was told of, the newest last. */
  readonly orders: string[]
}

const KEPT_ORDERS = 400
/** So many of the newest orders are moved as often as all others: several clients shall meet on one order. */
const CONTESTED_ORDERS = 6

/**
 * What a client does next. Stock is short: what comes in is about what is sold, so that orders often meet the last
 * units, and many are refused.
 */
export function nextInput(
  random: Random,
  mix: Mix,
  { market, operation }: { market: Market; operation: number },
): Input {
  const kind = weighted(random, mix)
  const product = random.pick(market.products)
  if (kind === 'adjust') return { kind, product, delta: random.between(-4, 30) }
  if (kind === 'set') return { kind, product, quantity: random.between(0, 12) }
  if (kind === 'place' || market.orders.length === 0) {
    return { kind: 'place', userId: buyer(operation), lines: nextLines(random, market.products) }
  }
  const newest = Math.min(market.orders.length, random.chance(0.5) ? CONTESTED_ORDERS : KEPT_ORDERS)
  const order = market.orders[market.orders.length - random.between(1, newest)]!
  return kind === 'refund' ? { kind, order, restock: random.chance(0.5) } : { kind, order }
}

/** Each order has a buyer of its own, by whom the checker finds it again, whatever became of its key. */
export function buyer(operation: number): string {
  return `buyer-${operation}`
}

/** What movements and steps of an order's history say of the operation that made them. */
export function reasonOf(operation: number): string {
  return `operation ${operation}`
}

export function remember({ orders }: Market, order: string): void {
  orders.push(order)
  if (orders.length > 2 * KEPT_ORDERS) orders.splice(0, KEPT_ORDERS)
}

/** Sometimes two lines name one product, and lines cross: (a, b) here, (b, a) there. */
function nextLines(random: Random, products: readonly string[]): Line[] {
  const count = random.chance(0.6) ? 1 : random.between(2, 4)
  return Array.from({ length: count }, () => ({ product: random.pick(products), quantity: random.between(1, 3) }))
}

function weighted(random: Random, mix: Mix): Input['kind'] {
  const kinds = Object.entries(mix) as [Input['kind'], number][]
  let left = random.between(
    1,
    kinds.reduce((sum, [, weight]) => sum + weight, 0),
  )
  for (const [kind, weight] of kinds) {
    left -= weight
    if (left <= 0) return kind
  }
  return 'place'
}

import type { BookedOrder, Books } from '../books.ts'
import type { Violation } from './violation.ts'

/** The life of an order as the docs tell it; not the table of the product, which is what is checked. */
const next: Readonly<Record<string, readonly string[]>> = {
  placed: ['paid', 'cancelled'],
  paid: ['fulfilled', 'cancelled', 'refunded'],
  fulfilled: ['refunded'],
}

/** What must hold of each stored order by itself, and that no two share a key. */
export function checkOrders({ orders, products }: Books): Violation[] {
  const prices = new Map(products.map(({ id, price }) => [id, price]))
  const ownerOf = new Map<string, string>()
  return orders.flatMap((order) => {
    const life = order.history.map(({ status }) => status)
    const legal = life.every((status, index) =>
      index === 0 ? status === 'placed' : next[life[index - 1]!]?.includes(status),
    )
    const violations: Violation[] = moneyOf(order, prices).map((text) => ({
      kind: 'money',
      text: `order ${order.id}: ${text}`,
    }))
    if (!legal || life.at(-1) !== order.status)
      violations.push({ kind: 'illegal', text: `order ${order.id} is ${order.status} by ${life.join(', ')}` })
    for (const key of order.keys) {
      const owner = ownerOf.get(key)
      if (owner !== undefined) violations.push({ kind: 'doubled', text: `orders ${owner} and ${order.id}: key ${key}` })
      ownerOf.set(key, order.id)
    }
    return violations
  })
}

function moneyOf({ lines, total }: BookedOrder, prices: ReadonlyMap<string, number>): string[] {
  const sum = lines.reduce((amount, line) => amount + line.total, 0)
  return [
    ...(sum === total ? [] : [`the total is ${total}, and its lines come to ${sum}`]),
    ...lines.flatMap(({ product, quantity, unitPrice, total: amount }) => {
      if (unitPrice === prices.get(product) && amount === unitPrice * quantity) return []
      return [`${quantity} of ${product} at ${unitPrice} come to ${amount}, and the price is ${prices.get(product)}`]
    }),
  ]
}

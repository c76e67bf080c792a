import type { Books } from '../books.ts'
import type { Operation } from './operations.ts'
import type { Violation } from './violation.ts'

/**
 * For every product: what came in, less the units of live orders, is what is on hand, and none of the three is less
 * than it can be. That stock is not negative does not tell by itself that nothing was oversold.
 */
export function checkStock({ products, orders, movements }: Books): Violation[] {
  const moved = new Map<string, number>()
  const live = new Map<string, number>()
  for (const { product, change } of movements) add(moved, product, change)
  for (const order of orders) {
    if (!order.stockReturned) for (const { product, quantity } of order.lines) add(live, product, quantity)
  }
  return products.flatMap(({ id, quantity }) => {
    const [came, sold] = [moved.get(id) ?? 0, live.get(id) ?? 0]
    const books = `product ${id}: ${came} came in, ${sold} are in live orders, ${quantity} are on hand`
    return [
      ...(sold > came || quantity < 0 ? [{ kind: 'oversold', text: books } as const] : []),
      ...(came - sold === quantity ? [] : [{ kind: 'conservation', text: books } as const]),
    ]
  })
}

/**
 * Where nothing ever comes in, stock only falls: an order that what is left in the end would have served was refused
 * for nothing. A shop that never sells would pass all else.
 */
export function checkUnsold(operations: readonly Operation[], { products }: Books): Violation[] {
  if (operations.some(({ input }) => input.kind !== 'place')) return []
  const left = new Map(products.map(({ id, quantity }) => [id, quantity]))
  return operations.flatMap(({ id, input, attempts }) => {
    if (input.kind !== 'place' || attempts.at(-1)?.code !== 'OUT_OF_STOCK') return []
    const wanted = new Map<string, number>()
    for (const { product, quantity } of input.lines) add(wanted, product, quantity)
    if (![...wanted].every(([product, units]) => units <= (left.get(product) ?? 0))) return []
    return [{ kind: 'unsold', text: `refused, and it is there: ${JSON.stringify(input.lines)}`, operation: id }]
  })
}

function add(sums: Map<string, number>, product: string, units: number): void {
  sums.set(product, (sums.get(product) ?? 0) + units)
}

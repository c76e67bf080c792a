import type { BookDifference } from '@stockroom/server'
import { verifyShop } from '@stockroom/server'
import type { BenchShop } from './database.ts'

export interface Claim {
  /** Orders that were answered as placed. */
  readonly placed: number
  /** Requests of which nobody knows what became of them: answered with 5xx, or not at all. */
  readonly unclear: number
  /** Orders that were there before. */
  readonly before: number
}

/**
 * Whether the books show what was claimed: first stock less the units of stored orders is the stock of each product,
 * and as many orders are stored as were answered. Says why a measurement cannot count, or undefined where it does.
 */
export async function audit({ uri, database }: BenchShop, { placed, unclear, before }: Claim) {
  const { orders, differences } = await verifyShop({ uri, database })
  const stored = orders - before
  if (placed === 0) return 'no order was placed'
  if (stored < placed) return `${placed - stored} of ${placed} acknowledged orders are not stored`
  if (stored > placed + unclear) return `${stored - placed} orders are stored that nobody was told of`
  const [first] = differences
  return first && `${differences.length} differences in the books, first: ${textOf(first)}`
}

function textOf(difference: BookDifference): string {
  if (difference.kind === 'negative') return `oversold: ${difference.sku ?? 'a product'} stands at ${difference.actual}`
  if (difference.kind === 'quantity')
    return `${difference.sku ?? 'a product'} stands at ${difference.actual} instead of ${difference.expected}`
  return difference.kind
}

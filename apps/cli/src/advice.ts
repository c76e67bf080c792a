import type { BookDifference } from '@stockroom/server'
import { correctionsOf } from '@stockroom/server'

/** What to do about differences, a line for each kind that there is. */
export function adviceLines(differences: readonly BookDifference[]): string[] {
  const corrections = correctionsOf(differences)
  const corrected = new Set(corrections.map(({ productId }) => productId))
  const isThere = (...kinds: BookDifference['kind'][]) => differences.some(({ kind }) => kinds.includes(kind))
  const cannotStand = differences.some(
    (difference) =>
      difference.kind === 'negative' || (difference.kind === 'quantity' && !corrected.has(difference.productId)),
  )
  return [
    ...(corrections.length > 0 ? [repairing] : []),
    ...(cannotStand ? [counting] : []),
    ...(isThere('unknownProduct') ? [restoring] : []),
    ...(isThere('lineTotal', 'orderTotal', 'orderStatus', 'stockReturned') ? [comparing] : []),
  ]
}

const repairing =
  'The units on hand are what the shop sold from, so they are kept: `npx pnpm shop verify --repair` brings the books to them. Where the shelf holds another number, set the quantity afterwards.'
const counting =
  'A quantity below zero, or that is no whole number, cannot stand: count the shelf, write the number into the product in the database, then run `npx pnpm shop verify --repair`.'
const restoring =
  'A product that does not exist: put it back from a backup, under its id, then verify again. Its orders can be read without it.'
const comparing =
  'An order that does not agree with itself: compare it with a backup and with what was paid and delivered, and correct it in the database before any repair of its products.'

import type { ClientSession } from 'mongodb'
import type { Collections } from '../collections/collections.ts'

/** An amount as it stands in the database, which may not be one. */
export interface StoredMoney {
  readonly amount?: number | null
  readonly currency?: string | null
}

interface Sums {
  readonly productId: string
  readonly sku?: string
  /** The sum of the product's movements. */
  readonly moved: number
  /** The units of the product in all live orders. */
  readonly ordered: number
}

/** Something in the books that does not add up: what ought to stand there, and what does. */
export type BookDifference =
  /** The quantity of a product is not its movements less its orders. */
  | (Sums & { readonly kind: 'quantity'; readonly expected: number; readonly actual: number | null })
  /** The quantity of a product is below zero. */
  | (Sums & { readonly kind: 'negative'; readonly expected: number; readonly actual: number })
  /** Movements or order lines name a product that does not exist; `actual` says how many. */
  | (Sums & {
      readonly kind: 'unknownProduct'
      readonly expected: null
      readonly actual: { readonly movements: number; readonly orderLines: number }
    })
  /** The total of an order line is not its unit price times its quantity. */
  | {
      readonly kind: 'lineTotal'
      readonly orderId: string
      readonly productId: string
      readonly sku?: string
      readonly expected: StoredMoney
      readonly actual: StoredMoney
    }
  /** The total of an order is not the sum of its lines. */
  | {
      readonly kind: 'orderTotal'
      readonly orderId: string
      readonly expected: StoredMoney
      readonly actual: StoredMoney
    }
  /** The status of an order is not the one of its last step. */
  | {
      readonly kind: 'orderStatus'
      readonly orderId: string
      readonly expected: string | null
      readonly actual: string | null
    }
  /** An order counts as having given its units back to stock although its status forbids that, or the other way round. */
  | {
      readonly kind: 'stockReturned'
      readonly orderId: string
      readonly status: string | null
      readonly expected: boolean
      readonly actual: boolean
    }

/** Orders that hold units: those of the others are back in stock. */
export const holdingUnits = { $match: { stockReturned: { $ne: true } } }

/** How much there is to check. */
export async function countBooks({ products, orders, movements }: Collections, session: ClientSession) {
  const units = await orders
    .aggregate<{ units: number }>(
      [holdingUnits, { $group: { _id: null, units: { $sum: { $sum: '$lines.quantity' } } } }],
      {
        session,
      },
    )
    .next()
  return {
    products: await products.countDocuments({}, { session }),
    orders: await orders.countDocuments({}, { session }),
    movements: await movements.countDocuments({}, { session }),
    units: units?.units ?? 0,
  }
}

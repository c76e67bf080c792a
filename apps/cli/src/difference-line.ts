import type { BookDifference } from '@stockroom/server'

/** A difference in words: what ought to stand there, what does, and where the expectation comes from. */
export function differenceLine(difference: BookDifference): string {
  switch (difference.kind) {
    case 'quantity': {
      const { expected, actual, moved, ordered } = difference
      return `${product(difference)}: quantity should be ${expected} (movements ${moved}, less ${ordered} ordered) and is ${actual ?? 'no number'}`
    }
    case 'negative':
      return `${product(difference)}: quantity should not be below zero and is ${difference.actual}`
    case 'unknownProduct': {
      const { movements, orderLines } = difference.actual
      return `product ${difference.productId}: does not exist, but ${movements} movements and ${orderLines} order lines name it (${difference.moved} moved, ${difference.ordered} ordered)`
    }
    case 'lineTotal':
      return `order ${difference.orderId}: the line of ${product(difference)} should come to ${money(difference.expected)} and says ${money(difference.actual)}`
    case 'orderTotal':
      return `order ${difference.orderId}: the total should be ${money(difference.expected)}, the sum of its lines, and is ${money(difference.actual)}`
    case 'orderStatus':
      return `order ${difference.orderId}: the status should be ${difference.expected ?? 'none'}, as its last step says, and is ${difference.actual ?? 'none'}`
    case 'stockReturned':
      return `order ${difference.orderId}: its units should ${difference.expected ? '' : 'not '}count as returned to stock, as it is ${difference.status ?? 'without status'}`
  }
}

type StoredMoney = Extract<BookDifference, { kind: 'orderTotal' }>['expected']

export const product = ({ productId, sku }: { productId: string; sku?: string }): string =>
  sku === undefined ? `product ${productId}` : `product ${sku} (${productId})`

/** Minor units, as they are stored: what is compared is what is shown. */
const money = ({ amount, currency }: StoredMoney) =>
  `${amount ?? 'no amount'} ${currency ?? 'no currency'} in minor units`

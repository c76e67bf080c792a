import type { Currency, Money, Shortage } from '@stockroom/contracts'
import { add, multiply } from '@stockroom/contracts'
import type { OrderLineDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import { ShopError } from './errors.ts'

/** A line of a request, with the product it names. */
export interface Wanted {
  readonly productId: string
  readonly quantity: number
  readonly product: ProductDocument
}

export function isKnown(line: Omit<Wanted, 'product'> & { product: ProductDocument | undefined }): line is Wanted {
  return line.product !== undefined
}

export function toShortage({ productId, quantity, product }: Wanted): Shortage {
  return { productId, sku: product.sku, requested: quantity, available: product.quantity }
}

/** The lines with the prices and names of this moment, and their exact total. */
export function price(wanted: readonly Wanted[]): { lines: OrderLineDocument[]; total: Money } | ShopError {
  const currencies = new Set<Currency>(wanted.map(({ product }) => product.price.currency))
  if (currencies.size > 1) return new ShopError('CURRENCY_MISMATCH', { currencies: [...currencies] })
  const lines: OrderLineDocument[] = []
  let sum: Money | undefined
  for (const { product, quantity } of wanted) {
    const { _id: productId, sku, name, price: unitPrice } = product
    const total = multiply(unitPrice, quantity)
    sum = total && sum ? add(sum, total) : total
    if (!total || !sum) return new ShopError('AMOUNT_OUT_OF_RANGE', {})
    lines.push({ productId, sku, name, unitPrice, quantity, total })
  }
  return { lines, total: sum! }
}

import type { CreateProduct } from '@stockroom/contracts'
import { isPositiveDecimal, toMinorUnits, toWholeNumber } from './decimal.ts'

/** The columns of the log that matter here. */
export const logColumns = ['InvoiceNo', 'StockCode', 'Description', 'Quantity', 'UnitPrice', 'CustomerID'] as const
export type LogLine = Readonly<Record<(typeof logColumns)[number], string>>

/** Why a line is no sale: the first of these that applies. */
export type SetAside = 'cancellation' | 'adjustment' | 'quantity' | 'price'

/** An order as the log has it: units of products, which are named by their place in `products()`. */
export interface LoggedOrder {
  readonly userId: string
  readonly units: ReadonlyMap<number, number>
}

interface LoggedProduct {
  name: string
  price: string
}

/** A line that is no sale says why not. */
export function setAside(line: LogLine): SetAside | undefined {
  if (line.InvoiceNo.startsWith('C')) return 'cancellation'
  if (line.InvoiceNo.startsWith('A')) return 'adjustment'
  if (!((toWholeNumber(line.Quantity) ?? 0) > 0)) return 'quantity'
  return isPositiveDecimal(line.UnitPrice) ? undefined : 'price'
}

/** Gathers the products and orders of the Online Retail log, which it is given line by line. */
export class OnlineRetailLog {
  readonly #places = new Map<string, number>()
  readonly #products: LoggedProduct[] = []
  readonly #orders = new Map<string, { userId: string; units: Map<number, number> }>()

  /** Takes a line that is a sale. */
  add(line: LogLine): void {
    const place = this.#product(line)
    const order = this.#order(line)
    order.units.set(place, (order.units.get(place) ?? 0) + Number(line.Quantity))
  }

  /** One product a code: the last name that is not blank, the last price. */
  products(quantity: number): CreateProduct[] {
    return Array.from(this.#places, ([sku, place]) => {
      const { name, price } = this.#products[place]!
      // A price out of all bounds becomes one that the contract refuses.
      return {
        sku,
        name: name || sku,
        price: { amount: toMinorUnits(price, 2) ?? Infinity, currency: 'GBP' },
        quantity,
      }
    })
  }

  /** One order an invoice, in order of first appearance. */
  orders(): LoggedOrder[] {
    return [...this.#orders.values()]
  }

  #product({ StockCode, Description, UnitPrice }: LogLine): number {
    const code = StockCode.trim()
    const place = this.#places.get(code) ?? this.#places.size
    this.#places.set(code, place)
    const name = Description.trim() || (this.#products[place]?.name ?? '')
    this.#products[place] = { name, price: UnitPrice }
    return place
  }

  #order({ InvoiceNo, CustomerID }: LogLine) {
    const known = this.#orders.get(InvoiceNo)
    if (known) return known
    const order = { userId: CustomerID.trim().replace(/\.0$/, '') || 'guest', units: new Map<number, number>() }
    this.#orders.set(InvoiceNo, order)
    return order
  }
}

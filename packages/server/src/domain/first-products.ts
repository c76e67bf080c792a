import type { ProductDocument } from '../collections/products.ts'
import type { Kept } from './kept-product.ts'

/** The longest list that is kept, and one more, which says that there are others behind it. */
export const FIRST = 1000
const ALL = FIRST + 1

/** The first products of the shop in order of `_id`, by id. */
export interface FirstProducts {
  get(id: string): Kept | undefined
  /** Whether a product of this id is one of the first. */
  takes(id: string): boolean
  put(id: string, kept: Kept): void
  delete(id: string): void
  replace(products: ReadonlyMap<string, Kept>): void
  list(): readonly ProductDocument[]
  entries(): Iterable<[string, Kept]>
  /** Whether one was deleted while there are others in the database that would move up. */
  isShort(): boolean
}

export function openFirstProducts(): FirstProducts {
  let products = new Map<string, Kept>()
  let isOrdered = true
  /** The last id, where there may be products behind it. */
  let last: string | undefined
  let listed: ProductDocument[] | undefined

  return {
    get: (id) => products.get(id),
    takes: (id) => products.has(id) || last === undefined || id < last,
    put(id, kept) {
      if (!products.has(id)) isOrdered = false
      if (products.get(id)?.document !== kept.document) listed = undefined
      products.set(id, kept)
      // At once, because changes of one that moves out are not noticed from then on.
      if (products.size > ALL) order()
    },
    delete(id) {
      if (products.delete(id)) listed = undefined
    },
    replace(others) {
      products = new Map(others)
      isOrdered = false
      last = undefined
      order()
    },
    list() {
      order()
      return (listed ??= Array.from(products.values(), ({ document }) => document))
    },
    entries: () => products,
    isShort: () => last !== undefined && products.size < ALL,
  }

  function order(): void {
    if (isOrdered) return
    isOrdered = true
    listed = undefined
    // An id made by another process's clock may belong before the last one.
    const inOrder = [...products].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, ALL)
    products = new Map(inOrder)
    if (products.size === ALL) last = inOrder.at(-1)![0]
  }
}

import { isDeepStrictEqual } from 'node:util'
import type { Product, ProductEvent } from '@stockroom/contracts'
import { MAX_WATCHED } from '@stockroom/contracts'
import { isOlder } from './product-news.ts'

export interface ShownProducts {
  /** Something has changed, whether or not this watch is to show it. */
  readonly change: (event: ProductEvent) => void
  /** What was read of the products to show, while changes may have been coming already. */
  begin(events: readonly ProductEvent[]): void
}

/** What one watch shows: at most 1,000 products, none at an older revision than before, and gone only once. */
export function showProducts(
  belongs: (product: Product) => boolean,
  show: (event: ProductEvent) => void,
): ShownProducts {
  const shown = new Map<string, Product>()
  /** Before the beginning nobody knows whether there is room for another product. */
  let early: Map<string, ProductEvent> | undefined = new Map()

  return {
    change(event) {
      if (!early) apply(event)
      else if (!isOlder(event, early.get(event.id))) early.set(event.id, event)
    },
    begin(events) {
      for (const event of events) {
        if (event.product) apply(event)
        else show(event)
      }
      early?.forEach(apply)
      early = undefined
    },
  }

  function apply(event: ProductEvent): void {
    const { id, product } = event
    const known = shown.get(id)
    if (product && known && !isNewer(product, known)) return
    if (product && belongs(product)) {
      if (!known && shown.size >= MAX_WATCHED) return
      shown.set(id, product)
      show(event)
    } else if (known) {
      shown.delete(id)
      show({ id, product: null })
    }
  }
}

/** Who writes past the shop may leave the revision as it is: then any difference counts. */
function isNewer(product: Product, known: Product): boolean {
  if (product === known || product.revision < known.revision) return false
  return product.revision > known.revision || !isDeepStrictEqual(product, known)
}

import { isDeepStrictEqual } from 'node:util'
import type { Product, ProductEvent } from '@stockroom/contracts'
import { MAX_WATCHED } from '@stockroom/contracts'

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
  let meanwhile: Map<string, number> | undefined = new Map()

  return {
    change(event) {
      const { id, product } = event
      meanwhile?.set(id, product?.revision ?? Infinity)
      if (product && belongs(product)) add(event, product)
      else if (shown.delete(id)) show({ id, product: null })
    },
    begin(events) {
      for (const event of events) {
        const { id, product } = event
        if (product && product.revision > (meanwhile?.get(id) ?? 0)) add(event, product)
        else if (!shown.has(id)) show({ id, product: null })
      }
      meanwhile = undefined
    },
  }

  function add(event: ProductEvent, product: Product): void {
    const known = shown.get(product.id)
    if (known ? !isNewer(product, known) : shown.size >= MAX_WATCHED) return
    shown.set(product.id, product)
    show(event)
  }
}

/** Who writes past the shop may leave the revision as it is: then any difference counts. */
function isNewer(product: Product, known: Product): boolean {
  if (product === known || product.revision < known.revision) return false
  return product.revision > known.revision || !isDeepStrictEqual(product, known)
}

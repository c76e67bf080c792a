import type { ProductEvent } from '@stockroom/contracts'
import type { ProductDocument } from '../collections/products.ts'
import { toProduct } from '../collections/products.ts'
import type { Catalogue } from './catalogue.ts'

type Listener = (event: ProductEvent) => void

export interface ProductChanges {
  /** Calls `listener` with what changes of these products, of all where none are named; returns what ends it. */
  watch(ids: readonly string[] | undefined, listener: Listener): () => void
  /** What is told of a product, the same object to all who watch it. */
  readonly eventOf: (product: ProductDocument) => ProductEvent
}

/** Hands each change of the catalogue to those who watch the product, and to those who watch all. */
export function openProductChanges(catalogue: Catalogue): ProductChanges {
  const events = new WeakMap<ProductDocument, ProductEvent>()
  const watched = new Map<string | undefined, Set<Listener>>()
  let stop: (() => void) | undefined

  return {
    watch(ids, listener) {
      const keys = ids ?? [undefined]
      for (const key of keys) watched.set(key, (watched.get(key) ?? new Set()).add(listener))
      stop ??= catalogue.watch(({ id, product }) => tell(product ? eventOf(product) : { id, product: null }))
      return () => {
        for (const key of keys) {
          watched.get(key)?.delete(listener)
          if (watched.get(key)?.size === 0) watched.delete(key)
        }
        if (watched.size > 0) return
        stop?.()
        stop = undefined
      }
    },
    eventOf,
  }

  function tell(event: ProductEvent): void {
    watched.get(event.id)?.forEach((listener) => listener(event))
    watched.get(undefined)?.forEach((listener) => listener(event))
  }

  function eventOf(product: ProductDocument): ProductEvent {
    const known = events.get(product)
    if (known) return known
    const event = { id: product._id.toHexString(), product: toProduct(product) }
    events.set(product, event)
    return event
  }
}

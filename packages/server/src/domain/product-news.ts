import { setImmediate as turn, setTimeout as wait } from 'node:timers/promises'
import type { ProductEvent } from '@stockroom/contracts'
import type { ProductDocument } from '../collections/products.ts'
import { toProduct } from '../collections/products.ts'
import type { Catalogue } from './catalogue.ts'

type Listener = (event: ProductEvent) => void

export interface ProductNews {
  /** Calls `listener` with what changes of these products, of all where none are named; returns what ends it. */
  watch(ids: readonly string[] | undefined, listener: Listener): () => void
  /** What is told of a product, the same object to all who watch it. */
  readonly eventOf: (product: ProductDocument) => ProductEvent
}

/** A busy product changes with every commit. Nobody can read that, and each telling takes time from the orders. */
const PACE_MS = 50
/** So many events are told between two turns of the event loop. */
const TOLD_IN_A_TURN = 100

/**
 * Hands the changes of the catalogue to those who watch the product, and to those who watch all: in rounds, each with the
 * latest of what has changed since the last. Between two rounds pass 50 ms, or as long as the first took.
 */
export function openProductNews(catalogue: Pick<Catalogue, 'watch'>): ProductNews {
  const events = new WeakMap<ProductDocument, ProductEvent>()
  const watched = new Map<string | undefined, Set<Listener>>()
  const changed = new Map<string, ProductEvent>()
  let stop: (() => void) | undefined
  let telling: Promise<void> | undefined

  return {
    watch(ids, listener) {
      const keys = ids ?? [undefined]
      for (const key of keys) watched.set(key, (watched.get(key) ?? new Set()).add(listener))
      stop ??= catalogue.watch(({ id, product }) => {
        if (!watched.has(id) && !watched.has(undefined)) return
        const event = product ? eventOf(product) : { id, product: null }
        if (isOlder(event, changed.get(id))) return
        changed.set(id, event)
        telling ??= tell()
      })
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

  async function tell(): Promise<void> {
    while (changed.size > 0) {
      // Whoever made the change is answered first.
      await turn()
      const begun = performance.now()
      let told = 0
      for (const [listener, events] of due()) {
        events.forEach(listener)
        told += events.length
        if (told < TOLD_IN_A_TURN) continue
        told = 0
        await turn()
      }
      await wait(Math.max(PACE_MS, performance.now() - begun), undefined, { ref: false })
    }
    telling = undefined
  }

  /** What each listener is to be told: all in one go, which is one write to its reader. */
  function due(): Map<Listener, ProductEvent[]> {
    const byListener = new Map<Listener, ProductEvent[]>()
    for (const event of changed.values()) {
      for (const key of [event.id, undefined]) {
        for (const listener of watched.get(key) ?? []) {
          const events = byListener.get(listener)
          if (events) events.push(event)
          else byListener.set(listener, [event])
        }
      }
    }
    changed.clear()
    return byListener
  }

  function eventOf(product: ProductDocument): ProductEvent {
    const known = events.get(product)
    if (known) return known
    const event = { id: product._id.toHexString(), product: toProduct(product) }
    events.set(product, event)
    return event
  }
}

/** What another process answered late may come behind what the stream has told already. */
export function isOlder({ product }: ProductEvent, than: ProductEvent | undefined): boolean {
  return product !== null && product.revision < (than?.product?.revision ?? 0)
}

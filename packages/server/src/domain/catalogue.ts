import type { Collection, ObjectId } from 'mongodb'
import type { ProductDocument } from '../collections/products.ts'
import { reading } from './errors.ts'

/** How long another process's write may stay unseen. */
const FRESH_MS = 1000
/** The products kept: the oldest, which are the first page of every list. */
const KEPT = 1000

/**
 * The first 1,000 products, kept in the process: read again when they are older than a second, and corrected at once
 * by what this process writes.
 */
export interface Catalogue {
  /** The first `count` (at most 1,000) products in order of `_id`, and one more where there is one. */
  first(count: number): Promise<ProductDocument[]>
  byId(id: ObjectId): Promise<ProductDocument | undefined>
  /** Takes over products as a commit of this process left them. */
  readonly apply: (products: readonly ProductDocument[]) => void
  /** Calls `listener` with each product that has become newer, or is gone; returns what ends it. Must not throw. */
  watch(listener: (change: ProductChange) => void): () => void
}

/** `product` is undefined where it was deleted. */
interface ProductChange {
  readonly id: string
  readonly product: ProductDocument | undefined
}

export function openCatalogue(products: Collection<ProductDocument>): Catalogue {
  let kept = new Map<string, ProductDocument>()
  let readAt = -Infinity
  let loading: Promise<void> | undefined
  /** Written here while a read was under way, which may or may not have seen them. */
  const recent = new Map<string, ProductDocument>()
  const listeners = new Set<(change: ProductChange) => void>()

  return {
    async first(count) {
      await refresh()
      return [...kept.values()].slice(0, count + 1)
    },
    async byId(id) {
      await refresh()
      return (
        kept.get(id.toHexString()) ??
        (await reading(() => products.findOne({ _id: id }, { maxTimeMS: 5000 }))) ??
        undefined
      )
    },
    apply(written) {
      if (loading) for (const product of written) recent.set(product._id.toHexString(), product)
      merge(written)
      for (const product of written) {
        for (const listener of listeners) listener({ id: product._id.toHexString(), product })
      }
    },
    watch(listener) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
  }

  /** Reads that come together wait for one query. */
  async function refresh(): Promise<void> {
    if (performance.now() - readAt < FRESH_MS) return
    await (loading ??= load().finally(() => (loading = undefined)))
  }

  async function load(): Promise<void> {
    recent.clear()
    const startedAt = performance.now()
    const read = await reading(() =>
      products
        .find({}, { maxTimeMS: 5000 })
        .sort({ _id: 1 })
        .limit(KEPT + 1)
        .toArray(),
    )
    kept = new Map(read.map((product) => [product._id.toHexString(), product]))
    readAt = startedAt
    merge([...recent.values()])
  }

  function merge(written: readonly ProductDocument[]): void {
    let added = false
    for (const product of written) {
      const id = product._id.toHexString()
      const known = kept.get(id)
      if (known && known.revision >= product.revision) continue
      added ||= !known
      kept.set(id, product)
    }
    if (!added) return
    // An id made by another process's clock may belong before the last one.
    const inOrder = [...kept].toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, KEPT + 1)
    kept = new Map(inOrder)
  }
}

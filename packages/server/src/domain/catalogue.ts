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
  /**
   * Rises with every change of what is kept in memory; undefined while answers must come from the database. An answer
   * made from memory at a stamp is valid for as long as `stamp()` still returns that stamp.
   */
  stamp(): number | undefined
}

export function openCatalogue(products: Collection<ProductDocument>): Catalogue {
  let kept = new Map<string, ProductDocument>()
  let readAt = -Infinity
  let loading: Promise<void> | undefined
  let stamp = 1
  /** Written here while a read was under way, which may or may not have seen them. */
  const recent = new Map<string, ProductDocument>()

  return {
    async first(count) {
      await refresh()
      return [...kept.values()].slice(0, count + 1)
    },
    async byId(id) {
      await refresh()
      const known = kept.get(id.toHexString())
      if (known) return known
      const found = await reading(() => products.findOne({ _id: id }, { maxTimeMS: 5000 }))
      // Nothing tells of a later change of it: no answer may be held on to.
      stamp++
      return found ?? undefined
    },
    apply(written) {
      if (loading) for (const product of written) recent.set(product._id.toHexString(), product)
      merge(written)
    },
    stamp: () => (isFresh() ? stamp : undefined),
  }

  function isFresh(): boolean {
    return performance.now() - readAt < FRESH_MS
  }

  /** Reads that come together wait for one query. */
  async function refresh(): Promise<void> {
    if (isFresh()) return
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
    stamp++
    merge([...recent.values()])
  }

  function merge(written: readonly ProductDocument[]): void {
    stamp++
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

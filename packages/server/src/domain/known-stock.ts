import type { ProductDocument } from '../collections/products.ts'
import type { StockChange } from './working-stock.ts'

/** For so long a product is not read again: what somebody has written past the desk is met after this time. */
const FRESH_MS = 1000

interface Known {
  readonly product: ProductDocument
  readonly readAt: number
}

/**
 * The products as the desk's own batches have left them, so that plain orders need not read what the last batch wrote.
 * It may be wrong, so it decides nothing alone: each write that rests on it names the revision it was decided by, and
 * no order is refused for it.
 */
export class KnownStock {
  /** In the order in which they were read. */
  readonly #known = new Map<string, Known>()
  #wrongAt = -Infinity

  /** Those of the products that are known, and the ids of those that must be read. */
  among(ids: Iterable<string>): { known: ProductDocument[]; unknown: string[] } {
    const freshest = performance.now() - FRESH_MS
    const known: ProductDocument[] = []
    const unknown: string[] = []
    for (const id of ids) {
      const found = this.#known.get(id)
      if (found && found.readAt >= freshest) known.push(found.product)
      else unknown.push(id)
    }
    return { known, unknown }
  }

  /** Takes over what a transaction has read. */
  keepRead(products: readonly ProductDocument[]): void {
    const readAt = performance.now()
    for (const [id, known] of this.#known) {
      if (known.readAt >= readAt - FRESH_MS) break
      this.#known.delete(id)
    }
    for (const product of products) {
      const id = product._id.toHexString()
      this.#known.delete(id)
      this.#known.set(id, { product, readAt })
    }
  }

  /** Takes over what a batch has made of them. */
  keepWritten(changes: readonly StockChange[]): void {
    for (const { after } of changes) {
      const id = after._id.toHexString()
      const known = this.#known.get(id)
      if (known && known.product.revision < after.revision) this.#known.set(id, { ...known, product: after })
    }
  }

  /** Whether others were found to change the same products, so that what is known would be wrong again. */
  isDoubtful(): boolean {
    return performance.now() - this.#wrongAt < FRESH_MS
  }

  /** A guard refused what was decided by what is known. */
  wasWrong(): void {
    this.#wrongAt = performance.now()
  }

  /** Where a commit did not come to its end: the primary may have lost what it had. */
  forget(): void {
    this.#known.clear()
  }
}

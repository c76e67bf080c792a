import type { ProductDocument } from '../collections/products.ts'

/** A product as the transaction read it, and as the batch leaves it. */
export interface StockChange {
  readonly before: ProductDocument
  readonly after: ProductDocument
}

type Edit = Partial<Pick<ProductDocument, 'name' | 'description' | 'category' | 'price' | 'quantity' | 'version'>>

/** The products of a batch while it is being settled: each command sees what those before it did. */
export class WorkingStock {
  readonly #read = new Map<string, ProductDocument>()
  readonly #now = new Map<string, ProductDocument>()
  readonly #idBySku = new Map<string, string>()
  readonly #time: Date

  constructor(products: readonly ProductDocument[], time: Date) {
    this.#time = time
    for (const product of products) {
      const id = product._id.toHexString()
      this.#read.set(id, product)
      this.#idBySku.set(product.sku, id)
    }
  }

  get(id: string): ProductDocument | undefined {
    return this.#now.get(id) ?? this.#read.get(id)
  }

  bySku(sku: string): ProductDocument | undefined {
    const id = this.#idBySku.get(sku)
    return id === undefined ? undefined : this.get(id)
  }

  add(product: ProductDocument): void {
    const id = product._id.toHexString()
    this.#now.set(id, product)
    this.#idBySku.set(product.sku, id)
  }

  /** Every change, of stock or of what describes the product, is one revision. */
  change(id: string, product: ProductDocument, edit: Edit): ProductDocument {
    const revision = product.revision + 1
    const changed = { ...product, ...edit, revision, expectedRevision: revision, updatedAt: this.#time }
    this.#now.set(id, changed)
    return changed
  }

  created(): ProductDocument[] {
    return [...this.#now].filter(([id]) => !this.#read.has(id)).map(([, product]) => product)
  }

  changes(): StockChange[] {
    return [...this.#now].flatMap(([id, after]) => {
      const before = this.#read.get(id)
      return before ? [{ before, after }] : []
    })
  }
}

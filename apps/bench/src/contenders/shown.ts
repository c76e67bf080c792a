import type { StoredOrder, StoredProduct } from './documents.ts'

/** What is stored, in the form of the REST door: written by hand, as whoever has no contract does. */

export function shownOrder({ _id, userId, lines, total, status, history, createdAt }: StoredOrder) {
  return {
    id: _id.toHexString(),
    user_id: userId,
    lines: lines.map(({ productId, sku, name, unitPrice, quantity, total }) => ({
      product_id: productId.toHexString(),
      sku,
      name,
      unit_price: unitPrice,
      quantity,
      total,
    })),
    total,
    status,
    history: history.map(({ status, at }) => ({ status, at })),
    created_at: createdAt,
  }
}

export function shownProduct({ _id, createdAt, updatedAt, ...product }: StoredProduct) {
  return { id: _id.toHexString(), ...product, created_at: createdAt, updated_at: updatedAt }
}

export function shownPage(products: readonly StoredProduct[], limit: number) {
  const page = products.slice(0, limit).map(shownProduct)
  return {
    message: `${page.length} products found`,
    products: page,
    next_cursor: products.length > limit ? page.at(-1)!.id : null,
  }
}

import type { UpsertResult } from '@stockroom/contracts'
import { MAX_ON_HAND } from '@stockroom/contracts'
import type { ProductDocument } from '../collections/products.ts'
import type { Batch } from './batch.ts'
import type {
  AddProduct,
  AdjustProductQuantity,
  ProductRow,
  Replayable,
  SetProductQuantity,
  UpsertRows,
} from './commands.ts'
import { ShopError } from './errors.ts'
import { scoped } from './idempotency.ts'
import { toShortage } from './pricing.ts'

export function setQuantity(
  { stock, movements, time }: Batch,
  { movementId, productId, quantity, expected }: SetProductQuantity,
): ProductDocument | ShopError {
  const product = stock.get(productId)
  if (!product) return new ShopError('PRODUCT_NOT_FOUND', { productIds: [productId] })
  if (expected !== undefined && product.quantity !== expected) {
    return new ShopError('QUANTITY_CHANGED', { expected, current: product.quantity })
  }
  if (product.quantity === quantity) return product
  const change = quantity - product.quantity
  movements.push({ _id: movementId, productId: product._id, change, reason: 'set', at: time })
  return stock.change(productId, product, { quantity })
}

export function adjustQuantity(
  { stock, movements, snapshot, time }: Batch,
  command: AdjustProductQuantity,
): Replayable<ProductDocument> | ShopError {
  const { movementId, productId, delta, reason, key } = command
  const keyed = key && { key: scoped(key, ''), hash: key.hash }
  const done = keyed && [...snapshot.movements, ...movements].find((movement) => movement.key === keyed.key)
  if (done && done.hash !== key?.hash) return new ShopError('IDEMPOTENCY_KEY_REUSED', {})
  if (done?.answer) return { value: done.answer, replayed: true }
  const product = stock.get(productId)
  if (!product) return new ShopError('PRODUCT_NOT_FOUND', { productIds: [productId] })
  const quantity = product.quantity + delta
  if (quantity < 0) {
    return new ShopError('OUT_OF_STOCK', { products: [toShortage({ productId, quantity: -delta, product })] })
  }
  if (delta > 0 && quantity > MAX_ON_HAND) {
    const msg = `must be at most ${Math.max(MAX_ON_HAND - product.quantity, 0)}: no more can be on hand than ${MAX_ON_HAND}`
    return new ShopError('VALIDATION', { issues: [{ loc: ['delta'], msg }] })
  }
  const changed = stock.change(productId, product, { quantity })
  movements.push({
    _id: movementId,
    productId: product._id,
    change: delta,
    reason: 'adjust',
    note: reason,
    at: time,
    ...(keyed && { ...keyed, answer: changed }),
  })
  return { value: changed, replayed: false }
}

export function addProduct(batch: Batch, row: AddProduct): ProductDocument | ShopError {
  const taken = batch.stock.bySku(row.product.sku)
  if (!taken) return create(batch, row)
  return new ShopError('SKU_TAKEN', { sku: taken.sku, productId: taken._id.toHexString() })
}

export function upsertRows(batch: Batch, { rows, setQuantity: setsQuantity }: UpsertRows): UpsertResult[] {
  return rows.map((row) => upsertRow(batch, row, setsQuantity))
}

function upsertRow(batch: Batch, row: ProductRow, setsQuantity: boolean): UpsertResult {
  const { stock, movements, time } = batch
  const { sku, quantity: wanted } = row.product
  const product = stock.bySku(sku)
  if (!product) return { sku, id: create(batch, row)._id.toHexString(), outcome: 'created' }
  const id = product._id.toHexString()
  const edited = edits(row, product)
  const moves = setsQuantity && product.quantity !== wanted
  if (!edited && !moves) return { sku, id, outcome: 'unchanged' }
  if (moves) {
    const change = wanted - product.quantity
    movements.push({ _id: row.movementId, productId: product._id, change, reason: 'set', at: time })
  }
  stock.change(id, product, {
    ...(edited && { ...edited, version: product.version + 1 }),
    ...(moves && { quantity: wanted }),
  })
  return { sku, id, outcome: 'updated' }
}

function create({ stock, movements, time }: Batch, { productId, movementId, product }: ProductRow): ProductDocument {
  const document = { _id: productId, ...product, version: 1, revision: 1, createdAt: time, updatedAt: time }
  stock.add(document)
  if (product.quantity > 0) {
    movements.push({ _id: movementId, productId, change: product.quantity, reason: 'initial', at: time })
  }
  return document
}

/** What a row changes of a product's description; a field it leaves out stays. */
function edits({ product: row }: ProductRow, product: ProductDocument): Partial<ProductDocument> | undefined {
  const edited: Partial<ProductDocument> = {}
  if (row.name !== product.name) edited.name = row.name
  if (row.description !== undefined && row.description !== product.description) edited.description = row.description
  if (row.category !== undefined && row.category !== product.category) edited.category = row.category
  if (row.price.amount !== product.price.amount || row.price.currency !== product.price.currency)
    edited.price = row.price
  return Object.keys(edited).length > 0 ? edited : undefined
}

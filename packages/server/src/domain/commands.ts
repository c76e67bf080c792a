import type { CreateProduct, UpsertResult } from '@stockroom/contracts'
import type { ObjectId } from 'mongodb'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'

/**
 * What can be asked of the desk. A command brings the ids of all it will write: an attempt that is repeated after an
 * unclear failure can then see what an earlier one has done.
 */
export type Command = PlaceOrder | SetProductQuantity | AddProduct | UpsertRows

export interface PlaceOrder {
  readonly kind: 'placeOrder'
  readonly orderId: ObjectId
  readonly userId: string
  /** At most one line a product. */
  readonly lines: readonly { readonly productId: string; readonly quantity: number }[]
}

export interface SetProductQuantity {
  readonly kind: 'setQuantity'
  readonly movementId: ObjectId
  readonly productId: string
  readonly quantity: number
}

/** A product to create, with the ids of the product and of the movement that brings its first stock. */
export interface ProductRow {
  readonly productId: ObjectId
  readonly movementId: ObjectId
  readonly product: CreateProduct
}

export interface AddProduct extends ProductRow {
  readonly kind: 'addProduct'
}

export interface UpsertRows {
  readonly kind: 'upsertRows'
  readonly rows: readonly ProductRow[]
  readonly setQuantity: boolean
}

interface Results {
  placeOrder: OrderDocument
  setQuantity: ProductDocument
  addProduct: ProductDocument
  upsertRows: UpsertResult[]
}

/** What the desk answers a command with, where it does not refuse it. */
export type ResultOf<C extends Command> = Results[C['kind']]

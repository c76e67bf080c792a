import type { CreateProduct, OrderStatus, UpsertResult } from '@stockroom/contracts'
import type { ObjectId } from 'mongodb'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Key } from './idempotency.ts'

/**
 * What can be asked of the desk. A command brings the ids of all it will write: an attempt that is repeated after an
 * unclear failure can then see what an earlier one has done.
 */
export type Command = PlaceOrder | MoveOrder | SetProductQuantity | AdjustProductQuantity | AddProduct | UpsertRows

export interface PlaceOrder {
  readonly kind: 'placeOrder'
  readonly orderId: ObjectId
  readonly userId: string
  /** At most one line a product. */
  readonly lines: readonly { readonly productId: string; readonly quantity: number }[]
  readonly key?: Key | undefined
}

export interface MoveOrder {
  readonly kind: 'moveOrder'
  readonly orderId: string
  readonly stepId: ObjectId
  readonly to: Exclude<OrderStatus, 'placed'>
  readonly reason?: string | undefined
  /** Whether its units go back to stock. */
  readonly restock: boolean
  readonly key?: Key | undefined
}

export interface SetProductQuantity {
  readonly kind: 'setQuantity'
  readonly movementId: ObjectId
  readonly productId: string
  readonly quantity: number
  readonly expected?: number | undefined
}

export interface AdjustProductQuantity {
  readonly kind: 'adjustQuantity'
  readonly movementId: ObjectId
  readonly productId: string
  readonly delta: number
  readonly reason: string
  readonly key?: Key | undefined
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

/** An answer, and whether an earlier call got it first. */
export interface Replayable<T> {
  readonly value: T
  readonly replayed: boolean
}

interface Results {
  placeOrder: Replayable<OrderDocument>
  moveOrder: Replayable<OrderDocument>
  setQuantity: ProductDocument
  adjustQuantity: Replayable<ProductDocument>
  addProduct: ProductDocument
  upsertRows: UpsertResult[]
}

/** What the desk answers a command with, where it does not refuse it. */
export type ResultOf<C extends Command> = Results[C['kind']]

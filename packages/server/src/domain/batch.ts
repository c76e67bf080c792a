import type { MovementDocument } from '../collections/movements.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { WorkingOrders } from './working-orders.ts'
import type { WorkingStock } from './working-stock.ts'

/** What the batch's transaction read: all that its commands name. */
export interface Snapshot {
  readonly products: readonly ProductDocument[]
  /** By id: orders to be moved, and those with a key of the batch. */
  readonly orders: ReadonlyMap<string, OrderDocument>
  /** Movements with a key of the batch. */
  readonly movements: readonly MovementDocument[]
}

/** A batch while it is being settled: what was read, and what the commands so far have made of it. */
export interface Batch {
  readonly snapshot: Snapshot
  readonly stock: WorkingStock
  readonly orders: WorkingOrders
  readonly movements: MovementDocument[]
  readonly time: Date
}

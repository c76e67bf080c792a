import type { MovementDocument } from '../collections/movements.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { WorkingOrders } from './working-orders.ts'
import type { WorkingStock } from './working-stock.ts'

/** What the batch's transaction read: all that its commands name, and what earlier attempts of it wrote. */
export interface Snapshot {
  readonly products: readonly ProductDocument[]
  /** By id: orders to be moved, orders with a key of the batch, orders that an earlier attempt placed. */
  readonly orders: ReadonlyMap<string, OrderDocument>
  /** Movements with a key of the batch, and those that an earlier attempt wrote. */
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

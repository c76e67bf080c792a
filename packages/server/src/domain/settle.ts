import type { MovementDocument } from '../collections/movements.ts'
import type { OrderDocument } from '../collections/orders.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Batch, Snapshot } from './batch.ts'
import type { Command, ResultOf } from './commands.ts'
import type { ShopError } from './errors.ts'
import { moveOrder, placeOrder } from './settle-orders.ts'
import { addProduct, adjustQuantity, setQuantity, upsertRows } from './settle-products.ts'
import type { OrderChange } from './working-orders.ts'
import { WorkingOrders } from './working-orders.ts'
import type { StockChange } from './working-stock.ts'
import { WorkingStock } from './working-stock.ts'

/** What the batch's transaction is to write, and each command's answer, in the order of the commands. */
export interface Settlement {
  readonly commands: readonly Command[]
  readonly outcomes: readonly (ResultOf<Command> | ShopError)[]
  readonly orders: readonly OrderDocument[]
  readonly moves: readonly OrderChange[]
  readonly movements: readonly MovementDocument[]
  readonly created: readonly ProductDocument[]
  readonly changes: readonly StockChange[]
}

/**
 * Decides a batch, first come first served: each command sees what those before it did, and takes effect whole or not
 * at all. Pure: it neither reads nor writes anything, and a refused command changes nothing.
 */
export function settle(commands: readonly Command[], snapshot: Snapshot, time: Date): Settlement {
  const stock = new WorkingStock(snapshot.products, time)
  const orders = new WorkingOrders(snapshot.orders)
  const batch: Batch = { snapshot, stock, orders, movements: [], time }
  return {
    commands,
    outcomes: commands.map((command) => decide(batch, command)),
    orders: orders.placed(),
    moves: orders.changes(),
    movements: batch.movements,
    created: stock.created(),
    changes: stock.changes(),
  }
}

function decide(batch: Batch, command: Command): ResultOf<Command> | ShopError {
  switch (command.kind) {
    case 'placeOrder':
      return placeOrder(batch, command)
    case 'moveOrder':
      return moveOrder(batch, command)
    case 'setQuantity':
      return setQuantity(batch, command)
    case 'adjustQuantity':
      return adjustQuantity(batch, command)
    case 'addProduct':
      return addProduct(batch, command)
    case 'upsertRows':
      return upsertRows(batch, command)
  }
}

import type { Command } from './commands.ts'
import type { Entry } from './entry.ts'

/** What one transaction takes at the most: commands, and lines or rows (MongoDB advises to stay within 1,000 writes). */
const MAX_COMMANDS = 512
const MAX_WEIGHT = 4000
/** A whole product, with its longest texts: at most 100 of them stay below the 16 MB of a command. */
const PRODUCT_WEIGHT = MAX_WEIGHT / 100
/** How many lines an order gives back is known only once it is read. */
const MOVE_WEIGHT = 40

/** Takes from the queue what the next transaction is to do. Those whose callers wait no more are left out. */
export function takeBatch(queue: Entry[]): Entry[] {
  const batch: Entry[] = []
  let weight = 0
  let taken = 0
  for (const entry of queue) {
    weight += weightOf(entry.command)
    if (taken > 0 && (weight > MAX_WEIGHT || batch.length === MAX_COMMANDS)) break
    taken++
    if (entry.isWanted()) batch.push(entry)
  }
  queue.splice(0, taken)
  return batch
}

/** In lines. With at most 100 rows of the bulk kinds in one transaction, orders never wait long. */
function weightOf(command: Command): number {
  switch (command.kind) {
    case 'placeOrder':
      return command.lines.length
    case 'upsertRows':
      return command.rows.length * PRODUCT_WEIGHT
    case 'addProduct':
      return PRODUCT_WEIGHT
    case 'adjustQuantity':
      // The answer is kept for whoever repeats the key.
      return command.key ? PRODUCT_WEIGHT : 1
    case 'moveOrder':
      return command.restock ? MOVE_WEIGHT : 1
    case 'setQuantity':
      return 1
  }
}

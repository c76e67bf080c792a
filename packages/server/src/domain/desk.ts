import type { ClientSession } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Command, ResultOf } from './commands.ts'
import { commitBatch } from './commit.ts'
import { Entry } from './entry.ts'
import { ShopError } from './errors.ts'
import type { Settlement } from './settle.ts'

/** Commands that may wait; one more is refused at once, for it could not be served before its deadline. */
const MAX_WAITING = 20_000
/** What one transaction takes at the most: commands, and lines or rows (MongoDB advises to stay within 1,000 writes). */
const MAX_COMMANDS = 512
const MAX_WEIGHT = 4000
/** How many lines an order gives back is known only once it is read. */
const MOVE_WEIGHT = 40

/** The one writer of stock in this process: every order and every change of stock waits here for the next commit. */
export interface Desk {
  /** Answers once the command is committed by a majority. Throws ShopError: a refusal, BUSY or OUTCOME_UNKNOWN. */
  submit<C extends Command>(command: C): Promise<ResultOf<C>>
  /** Serves what waits, then refuses. */
  close(): Promise<void>
}

export interface DeskOptions {
  readonly collections: Collections
  /** The desk's own session, for life: see transact. */
  readonly session: ClientSession
  /** Called when another transaction holds what a batch wants. Must not throw. */
  readonly onConflict: () => Promise<void>
  /** Called after a commit, before its callers are answered, with the products as it left them. */
  readonly onCommit: (products: readonly ProductDocument[]) => void
}

export function openDesk({ collections, session, onConflict, onCommit }: DeskOptions): Desk {
  const queue: Entry[] = []
  let serving: Promise<void> | undefined
  let closed = false

  return {
    submit: (command) =>
      new Promise((resolve, reject) => {
        if (closed || queue.length >= MAX_WAITING) throw new ShopError('BUSY', {})
        const entry = new Entry(command, resolve as (result: ResultOf<Command>) => void, reject)
        queue.push(entry)
        serving ??= serve()
      }),
    async close() {
      closed = true
      await serving
    },
  }

  /** No timer gathers orders: while one commit is in flight the next batch forms by itself. */
  async function serve(): Promise<void> {
    while (queue.length > 0) {
      const batch = takeBatch(queue)
      if (batch.length > 0) await commit(batch)
    }
    serving = undefined
  }

  async function commit(batch: readonly Entry[]): Promise<void> {
    const progress = { commitSent: false }
    for (const entry of batch) entry.send(progress)
    let wanted = batch
    let settlement: Settlement
    try {
      settlement = await commitBatch(collections, session, {
        commands: () => wanted.map((entry) => entry.command),
        progress,
        givenUp() {
          wanted = wanted.filter((entry) => entry.isWanted())
          return wanted.length === 0
        },
        onConflict,
      })
    } catch (error) {
      if (wanted.length > 1) return splitAndCommit(wanted)
      for (const entry of wanted) entry.answer(new ShopError('INTERNAL', {}, { cause: error }))
      return
    }
    onCommit(productsOf(settlement))
    const outcomes = new Map(settlement.commands.map((command, index) => [command, settlement.outcomes[index]!]))
    for (const entry of wanted) entry.answer(outcomes.get(entry.command)!)
  }

  /** A command that the database refuses must not fail its neighbours: the halves are tried apart. */
  async function splitAndCommit(batch: readonly Entry[]): Promise<void> {
    const middle = batch.length >> 1
    await commit(batch.slice(0, middle))
    await commit(batch.slice(middle))
  }
}

function takeBatch(queue: Entry[]): Entry[] {
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

/** Rows of the bulk kinds weigh forty lines: at most 100 of them go into one transaction, so that orders never wait long. */
function weightOf(command: Command): number {
  switch (command.kind) {
    case 'placeOrder':
      return command.lines.length
    case 'upsertRows':
      return command.rows.length * (MAX_WEIGHT / 100)
    case 'moveOrder':
      return command.restock ? MOVE_WEIGHT : 1
    case 'setQuantity':
    case 'adjustQuantity':
    case 'addProduct':
      return 1
  }
}

function productsOf({ created, changes }: Settlement): ProductDocument[] {
  return [...created, ...changes.map((change) => change.after)]
}

import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises'
import type { ClientSession } from 'mongodb'
import type { Collections } from '../collections/collections.ts'
import type { ProductDocument } from '../collections/products.ts'
import type { Command, ResultOf } from './commands.ts'
import { commitBatch } from './commit.ts'
import type { Caller, CallerOptions } from './entry.ts'
import { Entry } from './entry.ts'
import { ShopError } from './errors.ts'
import { KnownStock } from './known-stock.ts'
import { Regulars } from './regulars.ts'
import type { Settlement } from './settle.ts'
import { takeBatch } from './take-batch.ts'

/** Commands that may wait; one more is refused at once, for it could not be served before its deadline. */
const MAX_WAITING = 20_000
/** For so long after a conflict, other processes are taken to be after the same products. */
const CONTENDED_MS = 1000
/** The longest that a process gives way then: the others' commits take a few milliseconds each. */
const GIVE_WAY_MS = 8
/** Callers answered in one turn of the event loop: more keep the database waiting, fewer wake clients more often. */
const ANSWERS_A_TURN = 16

/** The one writer of stock in this process: every order and every change of stock waits here for the next commit. */
export interface Desk {
  /** Answers once the command is committed by a majority. Throws ShopError: a refusal, BUSY or OUTCOME_UNKNOWN. */
  submit<C extends Command>(command: C, caller?: CallerOptions<C>): Promise<ResultOf<C>>
  /** When another transaction last held what this desk wanted (`performance.now()`). */
  conflictAt(): number
  /** Serves what waits, then refuses. */
  close(): Promise<void>
}

export interface DeskOptions {
  readonly collections: Collections
  /** The desk's own, for life (see transact). */
  readonly session: ClientSession
  /** Called when another transaction holds what a batch wants. Must not throw. */
  readonly onConflict: () => Promise<void>
  /** Called when a batch is given up that may be left open on the server. Must not throw. */
  readonly onGivenUp: () => void
  /** Called after a commit, before its callers are answered, with the products as it left them. */
  readonly onCommit: (products: readonly ProductDocument[]) => void
}

type Outcomes = ReadonlyMap<Command, ResultOf<Command> | ShopError>

export function openDesk({ collections, session, onConflict, onGivenUp, onCommit }: DeskOptions): Desk {
  const queue: Entry[] = []
  const known = new KnownStock()
  const regulars = new Regulars()
  let answering = Promise.resolve()
  /** Callers who are decided and not yet told, for many are answered in turns. */
  let beingAnswered = 0
  let conflictAt = -Infinity
  let serving: Promise<void> | undefined
  let closed = false

  return {
    submit: (command, options) =>
      new Promise((resolve, reject) => {
        if (closed || queue.length >= MAX_WAITING) throw new ShopError('BUSY', {})
        // What becomes of this command, which the queue of all kinds cannot say.
        const caller = { ...options, resolve, reject } as Caller
        queue.push(new Entry(command, caller))
        regulars.arrived(queue.length)
        serving ??= serve()
      }),
    conflictAt: () => conflictAt,
    async close() {
      closed = true
      await serving
      await answering
    },
  }

  /**
   * An idle desk commits at once. While one batch is on its way, the next forms by itself, and the callers of the one
   * before are answered: until they all are, the next would be small, and a commit costs nearly as much for a few.
   */
  async function serve(): Promise<void> {
    while (queue.length > 0) {
      // Other processes want the same products: each lets the others have their turn, and its own callers, most of whom
      // are answered by then, come back for one larger batch. Meeting in conflicts instead costs all of them more.
      if (isContended()) await wait(Math.random() * GIVE_WAY_MS)
      const batch = takeBatch(queue)
      const answeringBefore = answering
      if (batch.length > 0) await commit(batch)
      await answeringBefore
      await regulars.back(queue.length)
    }
    serving = undefined
  }

  function isContended(): boolean {
    return performance.now() - conflictAt < CONTENDED_MS
  }

  async function commit(batch: readonly Entry[]): Promise<void> {
    const began = performance.now()
    const progress = { commitSent: false }
    for (const entry of batch) entry.send(progress)
    let wanted = batch
    let settlement: Settlement
    try {
      settlement = await commitBatch(collections, session, {
        commands: () => wanted.map((entry) => entry.command),
        known,
        isContended,
        progress,
        givenUp() {
          wanted = wanted.filter((entry) => entry.isWanted())
          return wanted.length === 0
        },
        onConflict() {
          conflictAt = performance.now()
          return onConflict()
        },
        onGivenUp,
        onDecided: ({ outcomes }) => makeReady(wanted, outcomes),
      })
    } catch (error) {
      if (wanted.length > 1 && !progress.commitSent) return splitAndCommit(wanted)
      const code = progress.commitSent ? 'OUTCOME_UNKNOWN' : 'INTERNAL'
      for (const entry of wanted) entry.answer(new ShopError(code, {}, { cause: error }))
      return
    }
    onCommit(productsOf(settlement))
    const outcomes: Outcomes = new Map(
      settlement.commands.map((command, index) => [command, settlement.outcomes[index]!]),
    )
    const callers = beingAnswered + wanted.length + queue.length
    if (!isContended() && regulars.areAwaited(callers)) {
      regulars.expect(callers, performance.now() - began)
      for (const entry of wanted) entry.answer(outcomes.get(entry.command)!)
    } else {
      beingAnswered += wanted.length
      answering = answering.then(() => answerInTurns(wanted, outcomes))
    }
  }

  /**
   * What the callers will be told is made ready while the database writes, after it was sent that: between two batches
   * the process would have to do it alone. With many callers it has no time to spare: it answers those before them.
   */
  function makeReady(entries: readonly Entry[], outcomes: Settlement['outcomes']): void {
    if (beingAnswered > 0) return
    setImmediate(() => entries.forEach((entry, index) => entry.decided(outcomes[index]!)))
  }

  /** A few at a time: what the database says of the next batch must not wait until all of these are written. */
  async function answerInTurns(entries: readonly Entry[], outcomes: Outcomes): Promise<void> {
    for (const [index, entry] of entries.entries()) {
      if (index > 0 && index % ANSWERS_A_TURN === 0) await immediate()
      entry.answer(outcomes.get(entry.command)!)
    }
    beingAnswered -= entries.length
  }

  /** A command that the database refuses must not fail its neighbours: the halves are tried apart. */
  async function splitAndCommit(batch: readonly Entry[]): Promise<void> {
    const middle = batch.length >> 1
    await commit(batch.slice(0, middle))
    await commit(batch.slice(middle))
  }
}

function productsOf({ created, changes }: Settlement): ProductDocument[] {
  return [...created, ...changes.map((change) => change.after)]
}

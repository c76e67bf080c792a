import { setTimeout as wait } from 'node:timers/promises'
import type { ClientSession, TransactionOptions } from 'mongodb'
import { MongoServerError } from 'mongodb'
import { isConflict, isTransient } from './transient.ts'

const options: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', wtimeoutMS: 5000 },
  readPreference: 'primary',
}

const NO_SUCH_TRANSACTION = 251
const DUPLICATE_KEY = 11000

/** Reading once more explains a duplicate key, unless an index refuses the data for good. */
const MAX_DUPLICATE_KEYS = 3

/** A transaction that holds what another one wants ends within a few milliseconds; asking costs both of them time. */
const CONFLICT_MS = 8

/** How far a transaction has come, for whoever must say what may have happened. */
export interface Progress {
  /** Whether a commit has ever been sent: from then on, it may have taken effect. */
  commitSent: boolean
}

/** Thrown by the work of a transaction: what it was decided by is no longer so. It is run again at once. */
export class Outdated extends Error {
  override readonly name = 'Outdated'
}

export interface Hooks {
  readonly progress: Progress
  /** Asked between two attempts: whether nobody waits for the result any more. */
  readonly givenUp: () => boolean
  /** Another transaction holds what this one wants; it may belong to a process that is no more. */
  readonly onConflict: () => Promise<void>
  /** No further attempt comes, and the last one may be left open on the server, with all that it holds. */
  readonly onGivenUp: () => void
}

/**
 * Runs `work` in a transaction of this session until one attempt is known to be committed, or until `givenUp` says
 * that nobody waits for it any more; then throws the last attempt's error.
 *
 * The loop is ours because the driver's own retries miss most errors that follow the death of a primary. It is safe
 * under two conditions that the caller keeps: one session for life (starting the next attempt on it ends what an
 * earlier attempt may have left on the server), and `work` looks up, once an attempt of it has come to its end,
 * whether that one took effect.
 */
export async function transact<T>(
  session: ClientSession,
  work: () => Promise<T>,
  { progress, givenUp, onConflict, onGivenUp }: Hooks,
): Promise<T> {
  let duplicateKeys = 0
  for (let attempt = 0; ; attempt++) {
    try {
      session.startTransaction(options)
      const result = await work()
      progress.commitSent = true
      await commit(session)
      return result
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction()
      if (error instanceof Outdated) continue
      const mayPass = isTransient(error) || (isDuplicateKey(error) && duplicateKeys++ < MAX_DUPLICATE_KEYS)
      if (!mayPass || givenUp()) {
        // The driver sends no abort once a commit was sent, and an abort that is sent can be lost.
        if (mayPass || progress.commitSent) onGivenUp()
        throw error
      }
      if (isConflict(error)) {
        await onConflict()
        await wait(Math.random() * CONFLICT_MS)
        continue
      }
    }
    // Two processes that met on one product must not meet again at once.
    await wait(Math.random() * Math.min(3 * 2 ** Math.min(attempt, 6), 200))
  }
}

/** Committing twice is harmless, so an unclear answer is asked for again before the whole work is repeated. */
async function commit(session: ClientSession): Promise<void> {
  let unclear: unknown
  for (let again = 2; ; again--) {
    try {
      return await session.commitTransaction()
    } catch (error) {
      const gone =
        error instanceof MongoServerError &&
        (error.code === NO_SUCH_TRANSACTION || error.hasErrorLabel('TransientTransactionError'))
      if (gone) throw error
      // A refusal now says nothing of an earlier try whose answer was unclear: that one may have committed.
      if (!isTransient(error)) throw unclear ?? error
      if (again === 0) throw error
      unclear = error
    }
  }
}

/** Another process wrote the key between this transaction's read and its write: the next attempt will read it. */
function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === DUPLICATE_KEY
}

import { setTimeout as wait } from 'node:timers/promises'
import type { ClientSession, TransactionOptions } from 'mongodb'
import { MongoServerError } from 'mongodb'
import { isTransient } from './transient.ts'

const options: TransactionOptions = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', wtimeoutMS: 5000 },
  readPreference: 'primary',
}

/** Reading once more explains a duplicate key, unless an index refuses the data for good. */
const MAX_DUPLICATE_KEYS = 3

/** The transaction was given up. `sent` says whether a commit went out whose result never came back. */
export class TransactionAbandoned extends Error {
  override readonly name = 'TransactionAbandoned'
  readonly sent: boolean

  constructor(sent: boolean, cause: unknown) {
    super('the transaction was given up', { cause })
    this.sent = sent
  }
}

/**
 * Runs `work` in a transaction of this session until one attempt is known to be committed, or until `givenUp` says
 * that nobody waits for it any more (then throws TransactionAbandoned).
 *
 * The loop is ours because the driver's own retries miss most errors that follow the death of a primary. It is safe
 * under two conditions that the caller keeps: one session for life (starting the next attempt on it ends what an
 * earlier attempt may have left on the server), and `work` looks up, once an attempt of it has come to its end,
 * whether that one took effect.
 */
export async function transact<T>(session: ClientSession, work: () => Promise<T>, givenUp: () => boolean): Promise<T> {
  let sent = false
  let duplicateKeys = 0
  for (let attempt = 0; ; attempt++) {
    try {
      session.startTransaction(options)
      const result = await work()
      sent = true
      await commit(session)
      return result
    } catch (error) {
      if (session.inTransaction()) await session.abortTransaction()
      if (!isTransient(error) && !(isDuplicateKey(error) && duplicateKeys++ < MAX_DUPLICATE_KEYS)) throw error
      if (givenUp()) throw new TransactionAbandoned(sent, error)
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
        error instanceof MongoServerError && (error.code === 251 || error.hasErrorLabel('TransientTransactionError'))
      if (gone) throw error
      // A refusal says nothing of a commit before it whose answer was unclear.
      if (!isTransient(error)) throw unclear ?? error
      if (again === 0) throw error
      unclear = error
    }
  }
}

/** Another process wrote the key between this transaction's read and its write: the next attempt will read it. */
function isDuplicateKey(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === 11000
}

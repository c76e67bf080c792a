import { addAbortListener } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { ChangeStream, ChangeStreamDocument, ChangeStreamOptions, Db, Document, Timestamp } from 'mongodb'
import { MongoError } from 'mongodb'
import type { ProductDocument } from './products.ts'
import { productsName } from './products.ts'
import { isTransient } from './transient.ts'

/** One change of one product, as a majority of the database's members has it. */
export type StoredChange = {
  readonly id: string
  /** When it was committed, by the database's clock: all changes of a transaction have one time. */
  readonly at: Timestamp
} & (
  | { readonly kind: 'whole'; readonly document: ProductDocument }
  | { readonly kind: 'fields'; readonly updated: Document; readonly removed: readonly string[] }
  | { readonly kind: 'gone' }
)

export interface ChangeBatch {
  readonly changes: readonly StoredChange[]
  /** When the batch was asked for (`performance.now()`). */
  readonly askedAt: number
  /** Whether it holds all that was committed before it was asked for. */
  readonly isLast: boolean
}

/** A full batch stays below the 16 MB of an answer even if each change is a whole product of the longest texts. */
const BATCH = 500
/** How long an answer without changes is held back; four of them a second say that the stream lives. */
const AWAIT_MS = 250
/** After a batch with changes: a busy shop's gather meanwhile, for one answer costs more than what is in it. */
const GATHER_MS = 30
const REOPEN_MS = 100

/** Sessions, transaction numbers and the like are most of an event, and nobody reads them. */
const pipeline = [
  {
    $project: {
      operationType: 1,
      clusterTime: 1,
      'documentKey._id': 1,
      fullDocument: 1,
      'updateDescription.updatedFields': 1,
      'updateDescription.removedFields': 1,
    },
  },
]

/**
 * Every change of the products from a moment on, in the order of their commits, until the signal: batch after batch,
 * empty ones too. A lost connection or primary is seen through; throws where changes are lost: the database no longer
 * has them, or the collection was dropped or renamed.
 */
export async function* productChanges(db: Db, from: Timestamp, signal: AbortSignal): AsyncGenerator<ChangeBatch, void> {
  const products = db.collection(productsName)
  let place: ChangeStreamOptions = { startAtOperationTime: from }
  while (!signal.aborted) {
    const stream = products.watch<ProductDocument>(pipeline, { ...place, maxAwaitTimeMS: AWAIT_MS, batchSize: BATCH })
    let closed: Promise<void> | undefined
    const close = () => (closed ??= stream.close().catch(() => {}))
    using _listener = addAbortListener(signal, () => void close())
    try {
      while (!signal.aborted) {
        const askedAt = performance.now()
        const changes = await nextBatch(stream)
        yield { changes, askedAt, isLast: changes.length < BATCH }
        place = { resumeAfter: stream.resumeToken }
        if (changes.length > 0 && changes.length < BATCH) await wait(GATHER_MS, undefined, { signal })
      }
    } catch (error) {
      if (!isPassing(error)) throw error
      await wait(REOPEN_MS, undefined, { signal })
    } finally {
      // Unless the server is told before the client is closed, it keeps the cursor for ten minutes.
      await close()
    }
  }
}

async function nextBatch(stream: ChangeStream<ProductDocument>): Promise<StoredChange[]> {
  // A stream that was closed answers at once, with nothing, for ever.
  if (stream.closed) throw new Error('The stream of changes was closed.')
  const changes: StoredChange[] = []
  // The first may ask the database, the others are here already.
  do {
    const event = await stream.tryNext()
    if (event) changes.push(toChange(event))
  } while (stream.bufferedCount() > 0)
  return changes
}

function toChange(event: ChangeStreamDocument<ProductDocument>): StoredChange {
  const at = event.clusterTime!
  switch (event.operationType) {
    case 'insert':
    case 'replace':
      return { id: event.documentKey._id.toHexString(), at, kind: 'whole', document: event.fullDocument }
    case 'update': {
      const { updatedFields = {}, removedFields = [] } = event.updateDescription
      return {
        id: event.documentKey._id.toHexString(),
        at,
        kind: 'fields',
        updated: updatedFields,
        removed: removedFields,
      }
    }
    case 'delete':
      return { id: event.documentKey._id.toHexString(), at, kind: 'gone' }
    default:
      throw new Error(`The collection of products is not what it was: ${event.operationType}.`)
  }
}

function isPassing(error: unknown): boolean {
  const cursorNotFound = 43
  return (
    isTransient(error) ||
    (error instanceof MongoError &&
      (error.code === cursorNotFound || error.hasErrorLabel('ResumableChangeStreamError')))
  )
}

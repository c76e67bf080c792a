import { addAbortListener } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import type { Binary, ChangeStream, ChangeStreamDocument, ChangeStreamOptions, Db, Document } from 'mongodb'
import { MongoError, Timestamp } from 'mongodb'
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
  /** The moment before the first change that is not one's own; undefined where all are. */
  readonly othersBehind: Timestamp | undefined
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

export interface ChangesWanted {
  /** What was committed after this moment. */
  readonly behind: Timestamp
  /** The id of one's own session. */
  readonly own: Binary | undefined
  /** What that session writes can be left out: it then costs the database nothing to speak of. */
  readonly tells: 'all' | 'others'
}

type ChangeEvent = ChangeStreamDocument<ProductDocument> & { readonly isOwn: boolean }

/** Sessions, transaction numbers and the like are most of an event, and nobody reads them. */
function pipelineFor({ own, tells }: ChangesWanted): Document[] {
  const read = {
    $project: {
      operationType: 1,
      clusterTime: 1,
      'documentKey._id': 1,
      fullDocument: 1,
      'updateDescription.updatedFields': 1,
      'updateDescription.removedFields': 1,
      isOwn: { $eq: ['$lsid.id', own] },
    },
  }
  return tells === 'others' ? [{ $match: { 'lsid.id': { $ne: own } } }, read] : [read]
}

/**
 * Every change of the products behind a moment, in the order of their commits, until the signal: batch after batch,
 * empty ones too. A lost connection or primary is seen through; throws where changes are lost: the database no longer
 * has them, or the collection was dropped or renamed.
 */
export async function* productChanges(
  db: Db,
  wanted: ChangesWanted,
  signal: AbortSignal,
): AsyncGenerator<ChangeBatch, void> {
  const products = db.collection(productsName)
  const pipeline = pipelineFor(wanted)
  let place: ChangeStreamOptions = { startAtOperationTime: beside(wanted.behind, 1) }
  while (!signal.aborted) {
    const options = { ...place, maxAwaitTimeMS: AWAIT_MS, batchSize: BATCH }
    const stream = products.watch<ProductDocument, ChangeEvent>(pipeline, options)
    let closed: Promise<void> | undefined
    const close = () => (closed ??= stream.close().catch(() => {}))
    using _listener = addAbortListener(signal, () => void close())
    try {
      while (!signal.aborted) {
        const askedAt = performance.now()
        const events = await nextEvents(stream)
        const others = events.find(({ isOwn }) => !isOwn)
        const othersBehind = others && beside(others.clusterTime!, -1)
        const isLast = events.length < BATCH
        yield { changes: events.map(toChange), othersBehind, askedAt, isLast }
        place = { resumeAfter: stream.resumeToken }
        if (events.length > 0 && isLast) await wait(GATHER_MS, undefined, { signal })
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

async function nextEvents(stream: ChangeStream<ProductDocument, ChangeEvent>): Promise<ChangeEvent[]> {
  // A stream that was closed answers at once, with nothing, for ever.
  if (stream.closed) throw new Error('The stream of changes was closed.')
  const events: ChangeEvent[] = []
  // The first may ask the database, the others are here already.
  do {
    const event = await stream.tryNext()
    if (event) events.push(event)
  } while (stream.bufferedCount() > 0)
  return events
}

function toChange(event: ChangeEvent): StoredChange {
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

/** The next moment of the database's clock, or the one before. */
function beside({ t, i }: Timestamp, step: 1 | -1): Timestamp {
  return new Timestamp({ t, i: i + step })
}

function isPassing(error: unknown): boolean {
  const cursorNotFound = 43
  return (
    isTransient(error) ||
    (error instanceof MongoError &&
      (error.code === cursorNotFound || error.hasErrorLabel('ResumableChangeStreamError')))
  )
}

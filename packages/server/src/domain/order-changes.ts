import { setTimeout as wait } from 'node:timers/promises'
import type { ChangeStream, Collection, MongoClient, ObjectId } from 'mongodb'
import type { OrderDocument } from '../collections/orders.ts'

export interface OrderChanges extends AsyncDisposable {
  /** Calls `listener` with the order after its changes, undefined where it is gone; returns what ends it. */
  watch(id: ObjectId, listener: (order: OrderDocument | undefined) => void): () => void
}

interface Watched {
  readonly id: ObjectId
  readonly listeners: Set<(order: OrderDocument | undefined) => void>
}

/** How long to leave a database alone that has just failed. */
const PAUSE_MS = 250

/** New orders come by the thousand each second, and nobody watches them yet: the database leaves them out. */
const pipeline = [
  { $match: { operationType: { $in: ['update', 'replace', 'delete'] } } },
  { $project: { documentKey: 1 } },
]

/**
 * What becomes of orders, whichever process moves them: one change stream, open while somebody watches, says which
 * orders to read again. Orders that change during a read are read by the next one. Stream and reads share a session, so
 * that no read sees less than the stream has told.
 */
export function openOrderChanges(client: MongoClient, orders: Collection<OrderDocument>): OrderChanges {
  const session = client.startSession()
  const watched = new Map<string, Watched>()
  const changed = new Map<string, ObjectId>()
  let stream: ChangeStream<OrderDocument> | undefined
  let following: Promise<void> | undefined
  let reading: Promise<void> | undefined

  return {
    watch(id, listener) {
      const key = id.toHexString()
      const { listeners } = watched.get(key) ?? { listeners: new Set() }
      watched.set(key, { id, listeners: listeners.add(listener) })
      following ??= follow()
      // Of a stream that is not open yet, this is too early: it looks at all when it is.
      look(id)
      return () => {
        listeners.delete(listener)
        if (listeners.size === 0) watched.delete(key)
        if (watched.size === 0) void stream?.close()
      }
    },
    async [Symbol.asyncDispose]() {
      watched.clear()
      await stream?.close()
      await Promise.all([following, reading])
      await session.endSession()
    },
  }

  async function follow(): Promise<void> {
    while (watched.size > 0) {
      try {
        stream = orders.watch(pipeline, { session })
        // This comes when the stream stands. Nothing is missed from then on; before, anything may have been.
        stream.once('resumeTokenChanged', () => watched.forEach(({ id }) => look(id)))
        for await (const { documentKey } of stream as AsyncIterable<{ documentKey: { _id: ObjectId } }>) {
          look(documentKey._id)
        }
      } catch {
        if (watched.size > 0) await wait(PAUSE_MS)
      }
    }
    following = undefined
  }

  function look(id: ObjectId): void {
    const key = id.toHexString()
    if (!watched.has(key)) return
    changed.set(key, id)
    reading ??= read()
  }

  async function read(): Promise<void> {
    while (changed.size > 0) {
      const ids = [...changed.values()]
      changed.clear()
      try {
        const found = await orders.find({ _id: { $in: ids } }, { session, maxTimeMS: 5000 }).toArray()
        tell(ids, found)
      } catch {
        if (watched.size > 0) await wait(PAUSE_MS)
        ids.forEach(look)
      }
    }
    reading = undefined
  }

  function tell(ids: readonly ObjectId[], found: readonly OrderDocument[]): void {
    const byId = new Map(found.map((order) => [order._id.toHexString(), order]))
    for (const key of ids.map((id) => id.toHexString())) {
      watched.get(key)?.listeners.forEach((listener) => listener(byId.get(key)))
    }
  }
}

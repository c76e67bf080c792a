import type { Binary, ClientSession, Db } from 'mongodb'

/**
 * Who writes stock at the moment: one document for each desk. A process that is killed inside a transaction leaves its
 * locks until the server's limit for transactions, a minute by default; killing its session frees them at once. A lane
 * that is killed by mistake merely runs its batch again.
 */
export interface LaneDocument {
  /** The id of its session. */
  _id: Binary
  /** Where the other processes of its host hand over orders (see peers/door.ts); absent where it takes none. */
  door?: string
  since: Date
  at: Date
}

const BEAT_MS = 500
const DEAD_AFTER_MS = 1500
/** Conflicts come in crowds, and one look is enough for all of them. */
const LOOK_EVERY_MS = 500

export interface Lane extends AsyncDisposable {
  /** Ends the transactions of lanes that have gone silent. For whoever has met a write conflict. */
  readonly freeDeadLanes: () => Promise<void>
  /** Ends what its own session has left open on the server: at once, or with the first beat that gets through. */
  readonly freeOwn: () => void
}

export interface LaneOptions {
  readonly session: ClientSession
  readonly door?: string | undefined
  /** Told after each look of the doors of the living lanes that are older, oldest first. */
  readonly onLook?: (olderDoors: readonly string[]) => void
  /** Whether to look with each beat, and not at conflicts alone. */
  readonly looksAlways?: () => boolean
}

/** Registers the session as a lane, and says that it lives until it is disposed of. Times are the database's own. */
export async function openLane(db: Db, { session, door, onLook, looksAlways }: LaneOptions): Promise<Lane> {
  const lanes = db.collection<LaneDocument>('lanes', { writeConcern: { w: 1 }, readConcern: { level: 'local' } })
  const _id = session.id!.id
  let lookedAt = -Infinity
  let isLeftOpen = false
  await beat()
  let beating: Promise<void> | undefined
  const timer = setInterval(() => {
    beating ??= beat()
      .then(endOwn)
      .then(() => (looksAlways?.() ? look() : undefined))
      .catch(() => {})
      .finally(() => (beating = undefined))
  }, BEAT_MS)

  return {
    async freeDeadLanes() {
      if (performance.now() - lookedAt < LOOK_EVERY_MS) return
      lookedAt = performance.now()
      // Whatever fails here leaves the locks to the server's own limit, as without this.
      await look().catch(() => {})
    },
    freeOwn() {
      isLeftOpen = true
      endOwn().catch(() => {})
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      // A beat that is still under way would register the lane again.
      await beating
      await lanes.deleteOne({ _id }).catch(() => {})
    },
  }

  async function endOwn(): Promise<void> {
    if (!isLeftOpen) return
    await db.admin().command({ killSessions: [{ id: _id }] })
    isLeftOpen = false
  }

  async function look(): Promise<void> {
    const silent = { $lt: ['$at', { $subtract: ['$$NOW', DEAD_AFTER_MS] }] }
    const oldestFirst = [{ $set: { silent } }, { $sort: { since: 1, _id: 1 } }]
    const known = await lanes.aggregate<LaneDocument & { silent: boolean }>(oldestFirst, { maxTimeMS: 1000 }).toArray()
    const own = known.findIndex((lane) => lane._id.toString('hex') === _id.toString('hex'))
    const older = known.slice(0, Math.max(own, 0)).filter((lane) => !lane.silent)
    onLook?.(older.flatMap((lane) => lane.door ?? []))
    const dead = known.filter((lane) => lane.silent)
    if (dead.length === 0) return
    await db.admin().command({ killSessions: dead.map((lane) => ({ id: lane._id })) })
    // Only where it is silent still: one that has woken up keeps its entry.
    await lanes.deleteMany({ _id: { $in: dead.map((lane) => lane._id) }, $expr: silent })
  }

  async function beat(): Promise<void> {
    const since = { $ifNull: ['$since', '$$NOW'] }
    const set = { at: '$$NOW', since, ...(door !== undefined && { door }) }
    await lanes.updateOne({ _id }, [{ $set: set }], { upsert: true })
  }
}

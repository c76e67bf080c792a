import { existsSync } from 'node:fs'
import type { Binary, ClientSession, Db } from 'mongodb'

/**
 * Who writes stock at the moment: one document for each desk, with the ids of its sessions. A process that is killed
 * inside a transaction leaves its locks until the server's limit for transactions, a minute by default; killing its
 * sessions frees them at once. A lane that is killed by mistake merely runs its batch again.
 */
export interface LaneDocument {
  /** The first of its sessions. */
  _id: Binary
  sessions: Binary[]
  /** Where the other processes of its host hand over orders (see peers/door.ts); absent where it takes none. */
  door?: string
  since: Date
  at: Date
}

const BEAT_MS = 500
const DEAD_AFTER_MS = 1500
/** Conflicts come in crowds, and one look is enough for all of them. */
const LOOK_EVERY_MS = 500

/** The oldest lane of this host that has a door. */
export interface Lead {
  readonly door: string
  /** Aborts when it has gone silent. */
  readonly lost: AbortSignal
}

export interface Lane extends AsyncDisposable {
  /** Ends the transactions of lanes that have gone silent. For whoever has met a write conflict. */
  readonly freeDeadLanes: () => Promise<void>
  /** Known from the first conflict on; undefined where that is this lane. */
  readonly lead: () => Lead | undefined
  /** Follows this lead no longer, until the next conflict; never again if its door cannot be used. */
  readonly leave: (lead: Lead, isUsable: boolean) => void
}

/** Registers the sessions as a lane, and says that it lives until it is disposed of. Times are the database's own. */
export async function openLane(db: Db, sessions: readonly ClientSession[], door?: string): Promise<Lane> {
  const lanes = db.collection<LaneDocument>('lanes', { writeConcern: { w: 1 }, readConcern: { level: 'local' } })
  const ids = sessions.map((session) => session.id!.id)
  const _id = ids[0]!
  const unusable = new Set<string>()
  let lead: Lead | undefined
  let losing = new AbortController()
  let lookedAt = -Infinity
  await beat()
  let beating = false
  const timer = setInterval(() => {
    if (beating) return
    beating = true
    void beat()
      // While orders are handed over there are no conflicts that would tell of its death.
      .then(() => lead && look())
      .catch(() => {})
      .finally(() => (beating = false))
  }, BEAT_MS)

  return {
    async freeDeadLanes() {
      if (performance.now() - lookedAt < LOOK_EVERY_MS) return
      lookedAt = performance.now()
      // Whatever fails here leaves the locks to the server's own limit, as without this.
      await look().catch(() => {})
    },
    lead: () => lead,
    leave(left, isUsable) {
      if (!isUsable) unusable.add(left.door)
      if (left === lead) lead = undefined
    },
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await lanes.deleteOne({ _id }).catch(() => {})
    },
  }

  async function look(): Promise<void> {
    const silent = { $lt: ['$at', { $subtract: ['$$NOW', DEAD_AFTER_MS] }] }
    const known = await lanes
      .aggregate<LaneDocument & { silent: boolean }>([{ $set: { silent } }, { $sort: { since: 1, _id: 1 } }], {
        maxTimeMS: 1000,
      })
      .toArray()
    follow(doorOfLead(known.filter((lane) => !lane.silent)))
    const dead = known.filter((lane) => lane.silent)
    if (dead.length === 0) return
    await db.admin().command({ killSessions: dead.flatMap((lane) => lane.sessions.map((id) => ({ id }))) })
    // Only where it is silent still: one that has woken up keeps its entry.
    await lanes.deleteMany({ _id: { $in: dead.map((lane) => lane._id) }, $expr: silent })
  }

  /** A door that is seen is one on this host. */
  function doorOfLead(living: readonly LaneDocument[]): string | undefined {
    for (const lane of living) {
      if (lane._id.toString('hex') === _id.toString('hex')) return undefined
      if (lane.door !== undefined && !unusable.has(lane.door) && existsSync(lane.door)) return lane.door
    }
    return undefined
  }

  function follow(next: string | undefined): void {
    if (next === lead?.door) return
    losing.abort()
    losing = new AbortController()
    lead = next === undefined ? undefined : { door: next, lost: losing.signal }
  }

  async function beat(): Promise<void> {
    const since = { $ifNull: ['$since', '$$NOW'] }
    const set = { at: '$$NOW', since, sessions: ids, ...(door !== undefined && { door }) }
    await lanes.updateOne({ _id }, [{ $set: set }], { upsert: true })
  }
}

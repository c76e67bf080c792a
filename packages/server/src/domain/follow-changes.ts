import type { Db, Timestamp } from 'mongodb'
import type { ChangeBatch } from '../collections/product-changes.ts'
import { productChanges } from '../collections/product-changes.ts'
import type { OwnWrites } from './own-writes.ts'

export interface Following {
  readonly db: Db
  /** Undefined where the process writes nothing. */
  readonly own: OwnWrites | undefined
  readonly receive: (batch: ChangeBatch) => Promise<void>
  readonly signal: AbortSignal
}

/** Hands over all changes behind a moment until the own writes may be left out; answers with the last one's moment. */
export async function followAll({ db, own, receive, signal }: Following, behind: Timestamp): Promise<Timestamp> {
  let seenTo = behind
  own?.streamBegins('all')
  for await (const batch of productChanges(db, { behind, own: own?.id, tells: 'all' }, signal)) {
    if (batch.othersBehind) own?.othersWrote()
    await receive(batch)
    seenTo = batch.changes.at(-1)?.at ?? seenTo
    if (batch.isLast && own?.mayBeLeftOut(batch.askedAt)) break
  }
  return seenTo
}

/**
 * Leaves out what is written here, until others write or an own commit is lost; answers behind which moment. What was left
 * out has no place among the changes of others, so none of those is handed over.
 */
export async function followOthers(
  { db, own, receive, signal }: Following,
  behind: Timestamp,
): Promise<Timestamp | undefined> {
  own?.streamBegins('others')
  for await (const batch of productChanges(db, { behind, own: own?.id, tells: 'others' }, signal)) {
    if (batch.othersBehind) own?.othersWrote()
    const missedBehind = batch.othersBehind ?? own?.lostBehind(behind)
    if (missedBehind) return missedBehind
    await receive(batch)
  }
  return undefined
}

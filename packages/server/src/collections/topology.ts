import type { Db } from 'mongodb'
import { MongoServerSelectionError } from 'mongodb'

/** Transactions and majority commits need a replica set, of one member at the least, or a sharded cluster. */
export async function isStandalone(db: Db): Promise<boolean> {
  const hello = await db.admin().command({ hello: 1 })
  return hello.setName === undefined && hello.msg !== 'isdbgrid'
}

/** Whether what was found is a mongod with --replSet whose set was never initiated. */
export function isWithoutSet(error: unknown): boolean {
  if (!(error instanceof MongoServerSelectionError)) return false
  return [...(error.reason?.servers.values() ?? [])].some(({ type }) => type === 'RSGhost')
}

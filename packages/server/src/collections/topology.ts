import type { Db } from 'mongodb'

/** Transactions and majority commits need a replica set, of one member at the least, or a sharded cluster. */
export async function isStandalone(db: Db): Promise<boolean> {
  const hello = await db.admin().command({ hello: 1 })
  return hello.setName === undefined && hello.msg !== 'isdbgrid'
}

import type { Db, Document } from 'mongodb'

/** What the one stream of these products tells; undefined while there is none. */
export async function toldBy(db: Db): Promise<'all' | 'others' | undefined> {
  const ns = `${db.databaseName}.products`
  const open = await db.client
    .db('admin')
    .aggregate([{ $currentOp: { idleCursors: true } }, { $match: { ns } }])
    .toArray()
  const pipelines = open.flatMap(({ cursor }): Document[][] => cursor?.originatingCommand?.pipeline ?? [])
  const [, ...stages] = pipelines.flat()
  if (stages.length === 0) return undefined
  return stages.some((stage) => stage['$match'] !== undefined) ? 'others' : 'all'
}

import type { Db, Document } from 'mongodb'

/** The change streams that are open on a collection, as the server knows them. */
export function streamsOf(db: Db, collection: string): Promise<Document[]> {
  const ns = `${db.databaseName}.${collection}`
  const open = [{ $currentOp: { allUsers: true, idleCursors: true } }, { $match: { ns, 'cursor.tailable': true } }]
  return db.client.db('admin').aggregate(open).toArray()
}

/** What the one stream of these products tells; undefined while there is none. */
export async function toldBy(db: Db): Promise<'all' | 'others' | undefined> {
  const [stream] = await streamsOf(db, 'products')
  const pipeline: Document[] | undefined = stream?.['cursor']?.originatingCommand?.pipeline
  return pipeline && (pipeline.some((stage) => stage['$match'] !== undefined) ? 'others' : 'all')
}

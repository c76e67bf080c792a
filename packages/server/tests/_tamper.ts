import type { Db } from 'mongodb'
import { MongoClient } from 'mongodb'
import type { TestShop } from '@stockroom/server/testing'

/** Does something to a shop's database behind its back. */
export async function tamper(
  { uri, database }: Pick<TestShop, 'uri' | 'database'>,
  how: (db: Db) => Promise<unknown>,
): Promise<void> {
  await using client = new MongoClient(uri)
  await how(client.db(database))
}

import type { LocalMongo } from '@stockroom/local-mongo'
import { startMongo } from '@stockroom/local-mongo'
import type { Document } from 'mongodb'
import { MongoClient } from 'mongodb'
import { afterAll, beforeAll, expect } from 'vitest'

/** A MongoDB for the tests of one file, whose commands can be made to fail, and a client of it. */
export function failingMongo(options: { readonly transactionLifetimeLimitSeconds?: number } = {}) {
  let mongo: LocalMongo
  let client: MongoClient
  beforeAll(async () => {
    mongo = await startMongo({ enableTestCommands: true, ...options })
    client = await MongoClient.connect(mongo.uri)
  })
  afterAll(async () => {
    await client.close()
    await mongo[Symbol.asyncDispose]()
  })
  return {
    get uri() {
      return mongo.uri
    },
    get members() {
      return mongo.members
    },
    get client() {
      return client
    },
  }
}

interface Failure {
  readonly data: Document
  readonly mode: Document | 'alwaysOn'
}

/** Makes commands fail as `data` says while `work` runs, and answers with what it gives. It must have happened. */
export async function whileFailing<T>(
  client: MongoClient,
  { data, mode }: Failure,
  work: () => Promise<T>,
): Promise<T> {
  const admin = client.db('admin')
  const off = async () => (await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })).count
  await admin.command({ configureFailPoint: 'failCommand', mode, data })
  const [outcome] = await Promise.allSettled([work()])
  expect(await off()).toBeGreaterThan(0)
  if (outcome.status === 'rejected') throw outcome.reason
  return outcome.value
}

import type { Document, MongoClient } from 'mongodb'
import { expect } from 'vitest'

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

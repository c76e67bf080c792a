import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startMongo, type LocalMongo } from '@stockroom/local-mongo'
import { MongoClient } from 'mongodb'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { processesIn, testFolder, writeProgram } from './_folder.ts'

beforeEach(() => () => vi.unstubAllEnvs())

/** A temporary folder of its own, so that what is left over can be seen. */
async function ownTemporaryFolder() {
  const folder = await testFolder()
  vi.stubEnv('TMPDIR', folder.path)
  return folder
}

describe('one member', () => {
  test('takes transactions, and leaves nothing behind', async () => {
    await using folder = await ownTemporaryFolder()
    {
      await using mongo = await startMongo()
      await using client = await MongoClient.connect(mongo.uri)
      const notes = client.db('test').collection('notes')
      await client.withSession((session) =>
        session.withTransaction(() => notes.insertOne({ text: 'kept' }, { session })),
      )
      expect(await notes.countDocuments()).toBe(1)
      expect(await processesIn(folder.path)).toHaveLength(1)
    }
    expect(await processesIn(folder.path)).toEqual([])
    expect(await readdir(folder.path)).toEqual([])
  })

  test('keeps its data on wiredTiger and ends transactions after the time given', async () => {
    await using mongo = await startMongo({ transactionLifetimeLimitSeconds: 3, enableTestCommands: true })
    await using client = await MongoClient.connect(mongo.uri)
    const admin = client.db('admin')
    expect((await admin.command({ serverStatus: 1 }))['storageEngine'].name).toBe('wiredTiger')
    expect(await admin.command({ getParameter: 1, transactionLifetimeLimitSeconds: 1 })).toMatchObject({
      transactionLifetimeLimitSeconds: 3,
    })
    await admin.command({ configureFailPoint: 'failCommand', mode: 'off' })
  })
})

test('nothing is left when the process that started it is killed', async () => {
  await using folder = await ownTemporaryFolder()
  const child = spawn(
    process.execPath,
    ['--conditions=@stockroom/source', fileURLToPath(new URL('./_throw-away.ts', import.meta.url))],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  await once(child.stdout, 'data')
  expect(await processesIn(folder.path)).toHaveLength(1)
  child.kill('SIGKILL')
  await expect.poll(() => processesIn(folder.path), { timeout: 5_000 }).toEqual([])
  await expect.poll(() => readdir(folder.path), { timeout: 5_000 }).toEqual([])
})

describe('a start that fails', () => {
  test.each([
    [
      'a full disk',
      '{"s":"E","msg":"WiredTiger error: No space left on device"}',
      'is full: free 500 MB there and start again',
    ],
    [
      'data of another version',
      '{"s":"F","msg":"Invalid featureCompatibilityVersion document"}',
      'set STOCKROOM_MONGOD to a mongod of the version that wrote them',
    ],
    ['anything else', '{"s":"F","msg":"Out of patience"}', 'Out of patience'],
  ])('because of %s says so and leaves nothing behind', async (_, log, message) => {
    await using programs = await testFolder()
    await using folder = await ownTemporaryFolder()
    const script = `[ "$1" = --version ] && echo "db version v6.0.5" && exit 0\necho '${log}'\nexit 100`
    vi.stubEnv('STOCKROOM_MONGOD', await writeProgram(join(programs.path, 'mongod'), script))
    await expect(startMongo()).rejects.toThrow(message)
    expect(await readdir(folder.path)).toEqual([])
  })
})

describe('three members', () => {
  test('elect a new primary when theirs is killed, and take it back when it returns', { timeout: 40_000 }, async () => {
    await using folder = await ownTemporaryFolder()
    {
      await using mongo = await startMongo({ members: 3 })
      await using client = await MongoClient.connect(mongo.uri)
      const notes = client.db('test').collection('notes', { writeConcern: { w: 'majority' } })
      await notes.insertOne({ text: 'before' })

      const first = await primaryOf(mongo)
      await first.kill('SIGKILL')
      expect(first.pid).toBeUndefined()
      const second = await primaryOf(mongo)
      expect(second.port).not.toBe(first.port)
      await notes.insertOne({ text: 'without the first' })

      await first.start()
      await expect.poll(async () => (await hello(first.port))?.['secondary'], { timeout: 10_000 }).toBe(true)
      await second.kill('SIGTERM')
      await notes.insertOne({ text: 'without the second' })
      expect(await notes.countDocuments()).toBe(3)

      // Disposing has to end one that stands still, and not to mind those that are gone.
      await first.kill('SIGSTOP')
    }
    expect(await processesIn(folder.path)).toEqual([])
    expect(await readdir(folder.path)).toEqual([])
  })
})

async function primaryOf(mongo: LocalMongo) {
  for (;;) {
    for (const member of mongo.members) {
      if (member.pid !== undefined && (await hello(member.port))?.['isWritablePrimary']) return member
    }
    await sleep(50)
  }
}

async function hello(port: number) {
  await using client = new MongoClient(`mongodb://127.0.0.1:${port}`, { directConnection: true })
  return await client
    .db('admin')
    .command({ hello: 1 })
    .catch(() => undefined)
}

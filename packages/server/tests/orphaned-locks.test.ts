import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMongo } from '@stockroom/local-mongo'
import { verifyShop } from '@stockroom/server'
import { MongoClient } from 'mongodb'
import { expect, test } from 'vitest'
import { refusal } from './_books.ts'
import { aProduct, testShop } from './_shop.ts'

const buyer = join(import.meta.dirname, '_buyer.ts')

test('a process killed before its commit frees its products within three seconds', async () => {
  await using mongo = await startMongo({ transactionLifetimeLimitSeconds: 60, enableTestCommands: true })
  // Not dropped at the end: that would wait for every transaction which nobody has run into.
  await using shop = await testShop({ uri: mongo.uri, database: 'orphans' })
  await using client = new MongoClient(mongo.uri)
  const admin = client.db('admin')
  const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 1_000_000 }))

  const args = ['--conditions=@stockroom/source', buyer, mongo.uri, shop.database, productId]
  // What a process has there that is killed, it does not remove.
  await using folder = await mkdtempDisposable(join(tmpdir(), 'stockroom-test-'))
  const env = { ...process.env, TMPDIR: folder.path }
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  // Its next commit is held up on the way, so that it dies with stock written and nothing decided.
  const { count } = await admin.command({
    configureFailPoint: 'failCommand',
    mode: { times: 1 },
    data: { failCommands: ['commitTransaction'], blockConnection: true, blockTimeMS: 20_000 },
  })
  await admin.command({ waitForFailPoint: 'failCommand', timesEntered: count + 1, maxTimeMS: 5000 })
  child.kill('SIGKILL')
  await once(child, 'exit')

  const killedAt = performance.now()
  await shop.caller.orders.create({ userId: 'ada', productId, quantity: 1 })
  expect(performance.now() - killedAt).toBeLessThan(3000)
  expect((await verifyShop({ uri: mongo.uri, database: shop.database })).differences).toEqual([])
})

test(
  'a process that has given an order up, and lives on, leaves its products to the others',
  { timeout: 30_000 },
  async () => {
    await using mongo = await startMongo({ transactionLifetimeLimitSeconds: 60, enableTestCommands: true })
    await using shop = await testShop({ uri: mongo.uri })
    await using other = await testShop({ uri: `${mongo.uri}&appName=other`, database: shop.database })
    await using client = new MongoClient(mongo.uri)
    const { id: productId } = await shop.caller.products.create(aProduct({ quantity: 10 }))
    const order = ({ caller }: typeof shop, userId: string) => caller.orders.create({ userId, productId, quantity: 1 })
    const data = { failCommands: ['commitTransaction'], closeConnection: true, appName: 'other' }
    /** Answers how many were lost until now. */
    const loseCommits = async (): Promise<number> =>
      (await client.db('admin').command({ configureFailPoint: 'failCommand', mode: 'alwaysOn', data })).count
    await loseCommits()
    expect((await refusal(order(other, 'ada'))).code).toBe('OUTCOME_UNKNOWN')
    // Until it tries no more.
    let lost = 0
    await expect.poll(async () => lost === (lost = await loseCommits()), { interval: 500, timeout: 10_000 }).toBe(true)
    expect(await order(shop, 'bo')).toMatchObject({ status: 'placed' })
    expect((await verifyShop({ uri: mongo.uri, database: shop.database })).differences).toEqual([])
  },
)

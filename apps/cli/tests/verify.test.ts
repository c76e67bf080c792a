import { expect, test } from 'vitest'
import { openProjectMongo } from '@stockroom/local-mongo'
import { openShop } from '@stockroom/server'
import { tamper } from '../../../packages/server/tests/_tamper.ts'
import { noShop, servedShop, shop } from './_cli.ts'
import { folder } from './_files.ts'

test('the embedded database of a folder is checked, whether its shop runs or not', async () => {
  await using files = await folder()
  const config = { ...noShop, database: 'stockroom', dataFolder: files.path }
  const inOrder = 'The books are in order: 1 products, 1 movements, 0 orders of 0 units.\n'
  {
    await using mongo = await openProjectMongo(files.path)
    await using opened = await openShop({ uri: mongo.uri })
    const price = { amount: 100, currency: 'EUR' } as const
    await opened.products.create({ sku: 'MUG', name: 'Mug', price, quantity: 3 })
    expect(await shop(config, 'verify')).toMatchObject({ code: 0, out: inOrder })
    expect(await opened.isReady()).toBe(true)
  }
  expect(await shop(config, 'verify')).toMatchObject({ code: 0, out: inOrder })
})

test('differences are listed, one a line, and end with 1', async () => {
  await using served = await servedShop()
  await shop(served.config, 'replay', 'orders.csv', '--preset', 'online-retail')
  await tamper(served, (db) => db.collection('products').updateOne({ sku: 'SHELF' }, { $inc: { quantity: 2 } }))
  await tamper(served, (db) => db.collection('orders').updateOne({ userId: '41035' }, { $inc: { 'total.amount': 1 } }))

  const { code, out } = await shop(served.config, 'verify')
  expect(code).toBe(1)
  expect(out.split('\n')).toEqual([
    expect.stringMatching(
      /^product SHELF \(.*\): quantity should be 899 \(movements 1000, less 101 ordered\) and is 901$/,
    ),
    expect.stringMatching(/^order .*: the total should be 6398 GBP in minor units, .* and is 6399 GBP in minor units$/),
    '2 differences in 15 products, 15 movements, 25 orders of 672 units.',
    expect.stringContaining('`npx pnpm shop verify --repair`'),
    expect.stringContaining('compare it with a backup'),
    '',
  ])
  const json = await shop(served.config, 'verify', '--json')
  expect(json).toMatchObject({ code: 1, err: '' })
  expect(JSON.parse(json.out).differences).toMatchObject([
    { kind: 'quantity', sku: 'SHELF', expected: 899, actual: 901 },
    { kind: 'orderTotal', expected: { amount: 6398 }, actual: { amount: 6399 } },
  ])
})

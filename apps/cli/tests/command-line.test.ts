import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { readConfig } from '../src/config.ts'
import type { Ended } from './_cli.ts'
import { data, noShop, servedShop, shop } from './_cli.ts'
import { folder } from './_files.ts'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

/** The command line as people start it: a process of its own, with this environment alone. */
function start(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const command = ['--conditions=@stockroom/source', main, ...args]
    const child = execFile(process.execPath, command, { env }, (_error, out, err) =>
      resolve({ code: child.exitCode ?? -1, out, err }),
    )
  })
}

describe('a process of its own', () => {
  test('finds files from where it was called, and the shop from the environment', async () => {
    await using served = await servedShop()
    const { url, mongoUri = '', database } = served.config
    const args = ['replay', 'orders.csv', '--preset', 'online-retail', '--json']
    const replayed = await start(args, { INIT_CWD: data, STOCKROOM_URL: url })
    expect(replayed.code).toBe(0)
    expect(JSON.parse(replayed.out).orders.placed).toBe(25)

    const verified = await start(['verify'], { MONGODB_URI: mongoUri, MONGODB_DATABASE: database })
    expect(verified).toMatchObject({ code: 0, err: '' })
    expect(verified.out).toBe('The books are in order: 15 products, 15 movements, 25 orders of 672 units.\n')
  })

  test('ends with 1 on a failure and with 2 on a wrong command, without a stack', async () => {
    await using files = await folder()
    const failed = await start(['verify'], { STOCKROOM_DATA: files.path })
    expect(failed).toMatchObject({ code: 1, out: '' })
    expect(failed.err).toContain('There is no database in')
    expect(failed.err).not.toMatch(/^\s+at /m)
    expect(await start(['verifi'])).toMatchObject({ code: 2, out: '' })
  })
})

describe('a wrong command is 2 and says what is wrong', () => {
  test.each([
    [[], 'Usage: shop'],
    [['replay', '--preset', 'online-retail'], 'missing required argument'],
    [['replay', 'orders.csv'], '--preset'],
    [['replay', 'orders.csv', '--preset', 'other'], 'Allowed choices are online-retail'],
    [['replay', 'orders.csv', '--preset', 'online-retail', '--concurrency', '0'], 'whole number from 1 to 1024'],
    [['replay', 'orders.csv', '--preset', 'online-retail', '--stock', '-1'], 'whole number from 0'],
    [['import', 'orders', 'x.csv'], 'unknown command'],
    [['import', 'products', 'x.csv', '--map', 'title=Description'], 'one of sku, name'],
    [['import', 'products', 'x.csv', '--map', 'name'], 'Give field=column'],
    [['import', 'products', 'x.csv', '--currency', 'euro'], 'code of ISO 4217'],
    [['verify', '--fast'], "unknown option '--fast'"],
    [['verify', '--yes'], "'--yes' goes with '--repair'"],
  ])('%j', async (args, text) => {
    const ended = await shop(noShop, ...args)
    expect(ended).toMatchObject({ code: 2, out: '' })
    expect(ended.err).toContain(text)
  })

  test('help is no mistake', async () => {
    expect(await shop(noShop, '--help')).toMatchObject({ code: 0, err: '' })
    expect((await shop(noShop, 'import', 'products', '--help')).out).toContain('rounded half up')
    expect((await shop(noShop, 'verify', '--help')).out).toContain('Ends with 0 where the books are in order')
  })
})

test('what listens but is no shop is told apart from nothing at all', async () => {
  await using served = await servedShop()
  const elsewhere = { ...served.config, url: `${served.config.url}/docs` }
  const { code, err } = await shop(elsewhere, 'replay', 'orders.csv', '--preset', 'online-retail')
  expect(code).toBe(1)
  expect(err).toContain('is not a Stockroom shop')
})

test('verify says where it looked and how to look elsewhere', async () => {
  await using served = await servedShop()
  const { code, err } = await shop({ ...served.config, database: 'not-there' }, 'verify')
  expect(code).toBe(1)
  expect(err).toContain('no shop in the database "not-there"')
  expect(err).toContain('MONGODB_DATABASE')
})

test('the configuration has defaults, and an empty variable is none', () => {
  const defaults = {
    url: 'http://localhost:8000',
    mongoUri: undefined,
    database: 'stockroom',
    dataFolder: '/shop/.stockroom',
    filesFrom: '/shop',
  }
  expect(readConfig({}, '/shop')).toEqual(defaults)
  expect(readConfig({ STOCKROOM_URL: '', MONGODB_URI: '', STOCKROOM_DATA: '', INIT_CWD: '' }, '/shop')).toEqual(
    defaults,
  )
  expect(readConfig({ STOCKROOM_DATA: '/data', INIT_CWD: '/home' }, '/shop')).toMatchObject({
    dataFolder: '/data',
    filesFrom: '/home',
  })
})

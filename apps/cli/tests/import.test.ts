import { expect, test } from 'vitest'
import { noShop, servedShop, shop } from './_cli.ts'
import { folder } from './_files.ts'

const csv = `sku,name,description,category,price,currency,quantity
MUG,Blue mug,"Glazed, 0.3 l",Kitchen,12.50,EUR,40
TRAY,Oak tray,,Kitchen,30,EUR,5
LAMP,Desk lamp,,,24.995,EUR,0
`

test('products come in from CSV, and a second run changes nothing', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const file = await files.write('products.csv', csv)

  const first = await shop(served.config, 'import', 'products', file, '--json')
  expect(first.code).toBe(0)
  expect(JSON.parse(first.out)).toEqual({
    file: 'products.csv',
    rows: 3,
    created: 3,
    updated: 0,
    unchanged: 0,
    refused: [],
  })
  const { items } = await served.caller.products.list()
  expect(items).toMatchObject([
    { sku: 'MUG', description: 'Glazed, 0.3 l', category: 'Kitchen', price: { amount: 1250 }, quantity: 40 },
    { sku: 'TRAY', price: { amount: 3000, currency: 'EUR' }, quantity: 5 },
    { sku: 'LAMP', price: { amount: 2500 }, quantity: 0 },
  ])

  const second = await shop(served.config, 'import', 'products', file, '--json')
  expect(JSON.parse(second.out)).toMatchObject({ created: 0, updated: 0, unchanged: 3 })
  expect((await served.caller.products.list()).items).toEqual(items)
})

test('an import edits what describes a product, and its stock only when asked', async () => {
  await using served = await servedShop()
  await using files = await folder()
  await shop(served.config, 'import', 'products', await files.write('a.csv', csv))
  const file = await files.write('b.csv', 'sku,name,price,currency,quantity\nMUG,Red mug,12.50,EUR,3\n')

  expect((await shop(served.config, 'import', 'products', file)).out).toContain('0 created, 1 updated, 0 unchanged')
  const { items } = await served.caller.products.list({ limit: 1 })
  expect(items).toMatchObject([{ name: 'Red mug', description: 'Glazed, 0.3 l', quantity: 40 }])

  await shop(served.config, 'import', 'products', file, '--set-quantity')
  expect((await served.caller.products.list({ limit: 1 })).items).toMatchObject([{ quantity: 3 }])
  expect((await shop(served.config, 'verify')).code).toBe(0)
})

test('refused rows are reported by reason, with the numbers of the first twenty', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const rows = [
    'sku,name,price,currency,quantity',
    ...Array.from({ length: 25 }, (_, index) => `P${index},Thing,free,EUR,1`),
    '',
    'GOOD,Thing,1.00,EUR,1',
    'SHORT,Thing',
    'GOOD,Other thing,2.00,EUR,1',
    ' ,Thing,1.00,EUR,1',
  ]
  const file = await files.write('dirty.csv', rows.join('\n'))

  const json = await shop(served.config, 'import', 'products', file, '--json')
  expect(json.code).toBe(1)
  expect(JSON.parse(json.out)).toMatchObject({
    rows: 29,
    created: 1,
    refused: [
      {
        reason: 'price: not a decimal number of 0 or more',
        count: 25,
        rows: Array.from({ length: 20 }, (_, index) => index + 2),
      },
      { reason: 'not as many fields as the header has', count: 1, rows: [29] },
      { reason: 'sku: stands in an earlier row', count: 1, rows: [30] },
      { reason: 'sku: missing', count: 1, rows: [31] },
    ],
  })
  const text = await shop(served.config, 'import', 'products', file)
  expect(text.out).toContain('refused 25: price: not a decimal number of 0 or more (rows 2, 3, 4,')
  expect(text.out).toContain('20, 21, …)')
  expect(text.out).toContain('refused 1: sku: missing (rows 31)')
})

test('json lines come in, packed, with every form of a price', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const lines = [
    '{"sku":"A","name":"A","price":12.5,"currency":"EUR","quantity":1}',
    '',
    '{"sku":"B","name":"Ä","price":"12.5","quantity":2}',
    '{"sku":"C","name":"C","price":{"amount":1250,"currency":"JPY"}}',
    '{"sku":"D",',
    '[1]',
  ]
  const file = await files.write('products.jsonl.gz', `\uFEFF${lines.join('\r\n')}`)

  const { out } = await shop(served.config, 'import', 'products', file, '--currency=GBP', '--quantity=9', '--json')
  expect(JSON.parse(out)).toMatchObject({
    rows: 5,
    created: 3,
    refused: [
      { reason: 'not valid JSON', rows: [5] },
      { reason: 'not a JSON object', rows: [6] },
    ],
  })
  expect((await served.caller.products.list()).items).toMatchObject([
    { sku: 'A', price: { amount: 1250, currency: 'EUR' }, quantity: 1 },
    { sku: 'B', name: 'Ä', price: { amount: 1250, currency: 'GBP' }, quantity: 2 },
    { sku: 'C', price: { amount: 1250, currency: 'JPY' }, quantity: 9 },
  ])
})

test('columns of other names are mapped, and more rows than one call takes come in', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const rows = Array.from({ length: 2500 }, (_, index) => `C${index},Thing ${index},${index}.05`)
  const file = await files.write('log.csv', `StockCode,Description,UnitPrice\n${rows.join('\n')}\n`)
  const map = 'sku=StockCode,name=Description,price=UnitPrice'

  const args = ['import', 'products', file, '--map', map, '--currency', 'GBP', '--quantity', '100', '--json']
  expect(JSON.parse((await shop(served.config, ...args)).out)).toMatchObject({ rows: 2500, created: 2500 })
  expect(JSON.parse((await shop(served.config, ...args)).out)).toMatchObject({ unchanged: 2500, updated: 0 })
  expect((await shop(served.config, 'verify')).code).toBe(0)
})

test('long rows go in calls that the server takes', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const description = 'ü'.repeat(10_000)
  const rows = Array.from({ length: 1000 }, (_, index) => `L${index},Thing,1,${description}`)
  const file = await files.write('long.csv.gz', `sku,name,price,description\n${rows.join('\n')}\n`)

  const { out } = await shop(served.config, 'import', 'products', file, '--currency=EUR', '--quantity=1', '--json')
  expect(JSON.parse(out)).toMatchObject({ created: 1000, refused: [] })
})

test('a file that makes no sense is refused whole, with what to do', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const importing = async (name: string, content: string | Buffer, ...options: string[]) => {
    const ended = await shop(served.config, 'import', 'products', await files.write(name, content), ...options)
    expect(ended).toMatchObject({ code: 1, out: '' })
    expect(ended.err).not.toMatch(/^\s+at /m)
    return ended.err
  }

  expect(await importing('a.csv', 'code,name\n1,2\n')).toMatch(/no column "sku", "price".*it has "code", "name".*--map/)
  expect(await importing('b.csv', csv, '--map', 'name=Title')).toContain('no column "Title"')
  expect(await importing('c.csv', 'sku,name,price\n')).toContain('no column "currency", "quantity"')
  expect(await importing('d.csv', '')).toContain('it has none')
  expect(await importing('e.json', '[{"sku":"A"}]')).toContain('one object a line')
  expect(await importing('f.csv', `${csv}"never closed,1,2\n`)).toContain('f.csv is not CSV')
  expect(await importing('g.txt', csv)).toContain('must end in .csv')
  expect(await importing('h.csv', Buffer.from(csv.replace('MUG', 'BÖX'), 'latin1'))).toContain('h.csv is not UTF-8')
  expect(await importing('i.jsonl', Buffer.from('{"sku":"BÖX"}', 'latin1'))).toContain('i.jsonl is not UTF-8')
  expect(await importing('j.csv', Buffer.from(`${csv}BÖX`).subarray(0, -2))).toContain('j.csv is not UTF-8')
  expect(await importing('k.csv', csv.replace('name', 'sku'))).toContain('two columns "sku"')
  expect((await served.caller.products.list()).items).toHaveLength(0)
})

test('a file that ends in the middle is told with what was written of it', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const rows = Array.from({ length: 1500 }, (_, n) => `SKU-${n},Mug,1,EUR,2\n`).join('')
  const path = await files.write('half.csv', `sku,name,price,currency,quantity\n${rows}"never closed,1,2\n`)
  const { code, err } = await shop(served.config, 'import', 'products', path)
  expect(code).toBe(1)
  expect(err).toMatch(/half\.csv is not CSV.*Before that, 1000 products were created and 0 updated; run it again/)
  expect((await served.caller.products.list()).items).toHaveLength(1000)
})

test('a gzip file that was cut off is refused', async () => {
  await using served = await servedShop()
  await using files = await folder()
  const path = await files.writeCut('cut.csv.gz', csv)

  const { code, err } = await shop(served.config, 'import', 'products', path)
  expect(code).toBe(1)
  expect(err).toContain('not a whole gzip file')
})

test('what cannot begin says why', async () => {
  expect((await shop(noShop, 'import', 'products', 'missing.csv')).err).toMatch(/There is no file .*missing\.csv/)
  expect((await shop(noShop, 'import', 'products', 'orders.csv')).err).toContain(
    'No shop answers at http://127.0.0.1:1. Start one with `npx pnpm start`',
  )
  expect((await shop(noShop, 'import', 'products', 'orders.csv', '--url', 'localhost')).err).toContain(
    '"localhost" is not the address of a shop',
  )
})

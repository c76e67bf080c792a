import { expect, test } from 'vitest'
import { tamper } from '../../../packages/server/tests/_tamper.ts'
import { servedShop, shop, shopAtTerminal } from './_cli.ts'

/** A shop with five mugs where the books know of three. */
async function wrongShop() {
  const served = await servedShop()
  const price = { amount: 100, currency: 'EUR' } as const
  const { id } = await served.shop.products.create({ sku: 'MUG', name: 'Mug', price, quantity: 3 })
  await tamper(served, (db) => db.collection('products').updateOne({ sku: 'MUG' }, { $inc: { quantity: 2 } }))
  return Object.assign(served, { id })
}

const repair = ['verify', '--repair']
const differs = (id: string) => [
  `product MUG (${id}): quantity should be 3 (movements 3, less 0 ordered) and is 5`,
  '1 difference in 1 products, 1 movements, 0 orders of 0 units.',
  'Correcting movements, which bring the books to the units on hand:',
  `  product MUG (${id}): +2 units`,
]
const written = (id: string) => [
  `Written: product MUG (${id}): +2 units`,
  'The books are in order: 1 products, 2 movements, 0 orders of 0 units.',
  '',
]

test('a repair shows what it would write, and writes it after a yes', async () => {
  await using served = await wrongShop()
  const { code, out, err } = await shopAtTerminal(served.config, 'y\n', ...repair)
  expect(out.split('\n')).toEqual([...differs(served.id), ...written(served.id)])
  expect({ code, err }).toEqual({ code: 0, err: 'Write them? (y/N) ' })
  expect(await served.caller.products.byId({ id: served.id })).toMatchObject({ quantity: 5 })
  expect(await shop(served.config, 'verify')).toMatchObject({ code: 0 })
})

test.for(['n\n', '\n', 'yesterday\n', ''])('any other answer writes nothing: %j', async (answer) => {
  await using served = await wrongShop()
  const { code, out } = await shopAtTerminal(served.config, answer, ...repair)
  expect(code).toBe(1)
  expect(out.split('\n')).toEqual([...differs(served.id), 'Nothing was written.', ''])
  expect((await shop(served.config, 'verify')).out).toContain('1 difference in 1 products, 1 movements')
})

test('where nobody can be asked, it writes nothing and says how it would', async () => {
  await using served = await wrongShop()
  const { code, out, err } = await shop(served.config, ...repair)
  expect(code).toBe(1)
  expect(out.split('\n')).toEqual([...differs(served.id), ''])
  expect(err).toContain('Run it again with --yes')
  expect((await shop(served.config, 'verify')).out).toContain('1 difference in 1 products, 1 movements')
})

test('--yes writes without asking, and a second time finds nothing to write', async () => {
  await using served = await wrongShop()
  const first = await shop(served.config, ...repair, '--yes')
  expect(first).toMatchObject({ code: 0, err: '' })
  expect(first.out.split('\n')).toEqual([...differs(served.id), ...written(served.id)])
  const inOrder = 'The books are in order: 1 products, 2 movements, 0 orders of 0 units.\n'
  expect(await shop(served.config, ...repair, '--yes')).toEqual({ code: 0, out: inOrder, err: '' })
  // Where there is nothing to write there is nothing to ask either.
  expect(await shop(served.config, ...repair)).toEqual({ code: 0, out: inOrder, err: '' })
})

test('the report in JSON is one document of what was written and what is left', async () => {
  await using served = await wrongShop()
  const { code, out, err } = await shop(served.config, ...repair, '--yes', '--json')
  expect(code).toBe(0)
  expect(err.split('\n')).toEqual([...differs(served.id), ''])
  expect(JSON.parse(out)).toEqual({
    products: 1,
    movements: 2,
    orders: 0,
    units: 0,
    differences: [],
    corrections: [{ productId: served.id, sku: 'MUG', change: 2 }],
  })
})

test('what only a person can put right is left, with what to do, and ends with 1', async () => {
  await using served = await wrongShop()
  await served.shop.orders.create({ userId: 'ada', productId: served.id, quantity: 1 })
  await tamper(served, (db) => db.collection('orders').updateOne({}, { $inc: { 'total.amount': 1 } }))
  const { code, out } = await shop(served.config, ...repair, '--yes')
  expect(code).toBe(1)
  expect(out).toContain(`Written: product MUG (${served.id}): +2 units\norder`)
  expect(out).toContain('1 difference in 1 products, 2 movements, 1 orders of 1 units.\nAn order that does not agree')

  const again = await shop(served.config, ...repair, '--yes')
  expect(again.code).toBe(1)
  expect(again.out).not.toContain('Written')
})

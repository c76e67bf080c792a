import {
  AdjustQuantity,
  CreateOrder,
  CreateProduct,
  Cursor,
  errors,
  Id,
  IdInput,
  LineQuantity,
  ListOrders,
  ListProducts,
  OnHand,
  OrderById,
  ProductById,
  SetQuantity,
  Sku,
  UpsertProducts,
  UserId,
  WatchOrder,
  WatchProducts,
} from '@stockroom/contracts'
import { describe, expect, test } from 'vitest'
import type { z } from 'zod'

const accepts = (schema: z.ZodType, value: unknown) => schema.safeParse(value).success
const times = <Item>(count: number, item: Item) => Array.from({ length: count }, () => item)

const id = '6650f0a2c3d4e5f601234567'
const line = { productId: id, quantity: 1 }
const product = { sku: 'MUG', name: 'Mug', price: { amount: 1, currency: 'EUR' }, quantity: 0 }
const { name, description, category } = CreateProduct.shape

describe.each<[string, z.ZodType, number]>([
  ['a user id', UserId, 128],
  ['a SKU', Sku, 64],
  ['a name', name, 512],
  ['a description', description, 10_000],
  ['a category', category, 128],
])('%s', (_, schema, max) => {
  test(`has 1 to ${max} characters`, () => {
    expect(accepts(schema, '')).toBe(false)
    expect(accepts(schema, 'a')).toBe(true)
    expect(accepts(schema, 'a'.repeat(max))).toBe(true)
    expect(accepts(schema, 'a'.repeat(max + 1))).toBe(false)
  })

  test('is text of any script', () => {
    for (const text of ['Größe', '茶碗', 'قلم', '😀', 'a😀b', 'e\u0301', '$ne', '__proto__', 'a.b', '<b>'])
      expect([text, accepts(schema, text)]).toEqual([text, true])
  })

  test('holds no NUL, wherever it stands', () => {
    for (const text of ['\0', '\0ab', 'a\0b', 'ab\0']) expect(accepts(schema, text)).toBe(false)
  })

  test('holds no lone surrogate, wherever it stands', () => {
    for (const text of ['\ud83d', '\ude00', '\ud83dab', 'a\ud83db', 'ab\ude00', '\ude00\ud83d'])
      expect(accepts(schema, text)).toBe(false)
  })

  test('is nothing but a string', () => {
    for (const value of [null, 1, true, {}, ['a'], { $ne: null }]) expect(accepts(schema, value)).toBe(false)
  })
})

describe('a SKU', () => {
  test.for(['A', 'MUG-BLUE', '85123A', 'a b', 'é', 'm', '#1/2', '79323P '.trim()])('%o is one', (sku) => {
    expect(Sku.parse(sku)).toBe(sku)
  })

  test.for([
    ' A',
    'A ',
    ' ',
    '\tA',
    'A\n',
    'A\tB',
    'A\nB',
    'A\u007f',
    'A\u001fB',
    'A\u0085B',
    '\u00a0A',
    'A\u3000',
    '\r',
  ])('%o is none', (sku) => {
    expect(accepts(Sku, sku)).toBe(false)
  })
})

describe('quantities', () => {
  test.for([1, 2, 1_000_000])('a line can ask for %i units', (quantity) => {
    expect(accepts(LineQuantity, quantity)).toBe(true)
  })

  test.for([0, -1, 1.5, 1_000_001, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, '1', null, true, [1]])(
    'a line cannot ask for %o',
    (quantity) => {
      expect(accepts(LineQuantity, quantity)).toBe(false)
    },
  )

  test.for([0, 1, 1_000_000_000])('%i units can be on hand', (quantity) => {
    expect(accepts(OnHand, quantity)).toBe(true)
  })

  test.for([-1, 0.5, 1_000_000_001, Number.NaN, '1', null])('%o cannot be on hand', (quantity) => {
    expect(accepts(OnHand, quantity)).toBe(false)
  })
})

test('a minus before 0 means nothing, wherever a whole number stands', () => {
  const price = { amount: -0, currency: 'EUR' }
  expect(CreateProduct.parse({ ...product, price, quantity: -0 })).toStrictEqual({
    ...product,
    price: { amount: 0, currency: 'EUR' },
  })
  expect(SetQuantity.parse({ id, quantity: -0, expected: -0 })).toStrictEqual({ id, quantity: 0, expected: 0 })
  const adjustment = { id, delta: -0, reason: 'counted' }
  expect(AdjustQuantity.parse(adjustment)).toStrictEqual({ ...adjustment, delta: 0 })
})

describe('an id', () => {
  test('is given out as 24 hexadecimal digits', () => {
    expect(accepts(Id, id)).toBe(true)
    for (const other of ['', id.slice(1), `${id}0`, id.toUpperCase(), `${id}\n`]) expect(accepts(Id, other)).toBe(false)
  })

  test('is taken as any text, and as nothing else', () => {
    for (const text of ['', 'nothing', id, '\0']) expect(accepts(IdInput, text)).toBe(true)
    for (const value of [null, 1, { $ne: null }, [id]]) expect(accepts(IdInput, value)).toBe(false)
  })
})

describe('an order to place', () => {
  const order = { userId: 'ada' }

  test.for<[string, object]>([
    ['one line', { lines: [line] }],
    ['two lines of one product', { lines: [line, line] }],
    ['2,000 lines', { lines: times(2000, line) }],
    ['the short form', { productId: id, quantity: 3 }],
    ['a product id that is none', { productId: 'nothing', quantity: 1 }],
  ])('has %s', ([, fields]) => {
    expect(accepts(CreateOrder, { ...order, ...fields })).toBe(true)
  })

  test.for<[string, object]>([
    ['no lines', { lines: [] }],
    ['2,001 lines', { lines: times(2001, line) }],
    ['lines that are no list', { lines: line }],
    ['a line without quantity', { lines: [{ productId: id }] }],
    ['a line without product', { lines: [{ quantity: 1 }] }],
    ['a line with a price of its own', { lines: [{ ...line, unitPrice: { amount: 0, currency: 'EUR' } }] }],
    ['a status of its own', { lines: [line], status: 'paid' }],
    ['an id of its own', { lines: [line], id }],
    ['an operator for a product', { lines: [{ productId: { $ne: null }, quantity: 1 }] }],
    ['another user too', { lines: [line], userId: ['ada', 'bo'] }],
  ])('cannot have %s', ([, fields]) => {
    expect(accepts(CreateOrder, { ...order, ...fields })).toBe(false)
  })

  test.for<[string, object, string]>([
    ['neither form', {}, 'lines'],
    ['the short form without quantity', { productId: id }, 'quantity'],
    ['the short form without product', { quantity: 1 }, 'productId'],
    ['both forms', { lines: [line], productId: id, quantity: 1 }, 'lines'],
    ['lines and a product', { lines: [line], productId: id }, 'lines'],
    ['lines and a quantity', { lines: [line], quantity: 1 }, 'lines'],
  ])('with %s is told which field is wrong', ([, fields, field]) => {
    const issues = CreateOrder.safeParse({ ...order, ...fields }).error?.issues
    expect(issues?.map(({ path }) => path)).toEqual([[field]])
  })

  test('needs a user', () => {
    expect(accepts(CreateOrder, { lines: [line] })).toBe(false)
  })
})

describe('a product to create', () => {
  test('needs SKU, name, price and quantity', () => {
    expect(accepts(CreateProduct, product)).toBe(true)
    for (const field of ['sku', 'name', 'price', 'quantity'])
      expect([field, accepts(CreateProduct, { ...product, [field]: undefined })]).toEqual([field, false])
  })

  test('may have a description and a category', () => {
    expect(accepts(CreateProduct, { ...product, description: 'Blue', category: 'Kitchen' })).toBe(true)
  })

  test('leaves its id, version, revision and times to the backend', () => {
    for (const field of ['id', '_id', 'version', 'revision', 'createdAt', 'updatedAt'])
      expect([field, accepts(CreateProduct, { ...product, [field]: 1 })]).toEqual([field, false])
  })

  test('is taken 1 to 1,000 at a time', () => {
    const rows = (count: number) => ({ rows: times(count, product) })
    expect([0, 1, 1000, 1001].map((count) => accepts(UpsertProducts, rows(count)))).toEqual([false, true, true, false])
    expect(accepts(UpsertProducts, { ...rows(1), setQuantity: true })).toBe(true)
    expect(accepts(UpsertProducts, { ...rows(1), setQuantity: 'yes' })).toBe(false)
    expect(accepts(UpsertProducts, [product])).toBe(false)
  })
})

describe('a watch', () => {
  test('is of ids, of a category, or of all products', () => {
    for (const watch of [{}, { ids: [] }, { ids: times(1000, id) }, { ids: ['nope'] }, { category: 'Kitchen' }])
      expect([watch, accepts(WatchProducts, watch)]).toEqual([watch, true])
    for (const watch of [{ ids: times(1001, id) }, { ids: id }, { category: '' }, { ids: [], category: 'Kitchen' }])
      expect(accepts(WatchProducts, watch)).toBe(false)
  })

  test('takes what a reader that comes back adds, and nothing else', () => {
    expect(accepts(WatchProducts, { lastEventId: `${id}:7` })).toBe(true)
    expect(accepts(WatchOrder, { id, lastEventId: '1' })).toBe(true)
    expect(accepts(WatchProducts, { since: 7 })).toBe(false)
    expect(accepts(WatchOrder, { lastEventId: '1' })).toBe(false)
  })
})

describe('a list', () => {
  test.for([1, 100, 1000])('can be limited to %i', (limit) => {
    expect([ListProducts, ListOrders].map((list) => accepts(list, { limit }))).toEqual([true, true])
  })

  test.for([0, -1, 1001, 1.5, '10', null])('cannot be limited to %o', (limit) => {
    expect([ListProducts, ListOrders].map((list) => accepts(list, { limit }))).toEqual([false, false])
  })

  test('of orders can be skipped into, not backwards', () => {
    expect([0, 1, 2 ** 40, -1, 0.5, '1'].map((skip) => accepts(ListOrders, { skip }))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ])
    expect(accepts(ListProducts, { skip: 1 })).toBe(false)
  })

  test('takes a cursor of 1 to 256 characters', () => {
    expect(['', 'a', 'a'.repeat(256), 'a'.repeat(257)].map((cursor) => accepts(Cursor, cursor))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

test.each<[string, z.ZodType, object]>([
  ['CreateProduct', CreateProduct, product],
  ['CreateOrder', CreateOrder, { userId: 'ada', lines: [line] }],
  ['UpsertProducts', UpsertProducts, { rows: [product] }],
  ['SetQuantity', SetQuantity, { id, quantity: 1 }],
  ['ProductById', ProductById, { id }],
  ['OrderById', OrderById, { id }],
  ['ListProducts', ListProducts, {}],
  ['ListOrders', ListOrders, {}],
])('%s refuses what it does not know', (_, schema, input) => {
  expect(accepts(schema, input)).toBe(true)
  for (const key of ['extra', '$where', 'constructor', 'toString'])
    expect([key, accepts(schema, { ...input, [key]: 1 })]).toEqual([key, false])
  expect(accepts(schema, JSON.parse(`{ "__proto__": {}, ${JSON.stringify(input).slice(1)}`.replace(', }', '}')))).toBe(
    false,
  )
  for (const other of [null, undefined, [], 'text', 1]) expect(accepts(schema, other)).toBe(false)
})

test('every error says what is wrong and what to do next, with a status of its own kind', () => {
  for (const [code, { status, text, next }] of Object.entries(errors)) {
    expect([code, status >= 400 && status < 600, text.length > 0, next.endsWith('.')]).toEqual([code, true, true, true])
  }
})

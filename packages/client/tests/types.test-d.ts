import type { ErrorCode, Inputs, Order, Outputs, Product, ShopClient, ShopErrorData } from '@stockroom/client'
import { createShopClient, isShopError } from '@stockroom/client'
import { describe, expectTypeOf, test } from 'vitest'

declare const client: ShopClient
declare const error: unknown

test('the client is what createShopClient gives', () => {
  expectTypeOf(createShopClient).returns.toEqualTypeOf<ShopClient>()
  expectTypeOf(createShopClient).parameter(0).toExtend<{ url: string }>()
  createShopClient({ url: 'http://localhost:8000', fetch, headers: { authorization: 'Bearer …' } })
  // @ts-expect-error -- it needs to know where the shop is
  createShopClient({})
})

describe('inputs', () => {
  test('orders.create takes lines, or one product and its quantity', () => {
    const create = client.orders.create.mutate
    const line = { productId: 'a', quantity: 1 }
    expectTypeOf(create).toBeCallableWith({ userId: 'ada', lines: [line], idempotencyKey: 'once-and-no-more' })
    expectTypeOf(create).toBeCallableWith({ userId: 'ada', ...line })
    // @ts-expect-error -- neither
    void create({ userId: 'ada' })
    // @ts-expect-error -- both
    void create({ userId: 'ada', lines: [line], ...line })
    // @ts-expect-error -- a product and no quantity
    void create({ userId: 'ada', productId: 'a' })
    // @ts-expect-error -- a field that there is not
    void create({ userId: 'ada', ...line, status: 'paid' })
  })

  test('lists can be asked for without saying anything', () => {
    expectTypeOf<Inputs['products']['list']>().toEqualTypeOf<
      { cursor?: string | undefined; limit?: number | undefined } | undefined | void
    >()
    expectTypeOf<Inputs['orders']['list']>().toExtend<
      | { skip?: number | undefined; status?: string | undefined; sort?: 'oldest' | 'newest' | undefined }
      | undefined
      | void
    >()
    expectTypeOf(client.products.list.query).toBeCallableWith()
    expectTypeOf(client.products.list.query).toBeCallableWith({ limit: 10 })
  })

  test('watches name products, a category or nothing, and one order', () => {
    expectTypeOf(client.products.watch.subscribe).toBeCallableWith(undefined, {})
    expectTypeOf(client.products.watch.subscribe).toBeCallableWith({ ids: ['a'] }, {})
    expectTypeOf(client.products.watch.subscribe).toBeCallableWith({ category: 'Kitchen' }, {})
    expectTypeOf(client.orders.watch.subscribe).toBeCallableWith({ id: 'a' }, {})
    // @ts-expect-error -- one order and no other
    client.orders.watch.subscribe({}, {})
  })

  test('the rest name what they need, with known currencies', () => {
    expectTypeOf<Inputs['products']['byId']>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<Inputs['orders']['byId']>().toEqualTypeOf<{ id: string }>()
    expectTypeOf<Inputs['products']['setQuantity']>().toEqualTypeOf<{
      id: string
      quantity: number
      expected?: number | undefined
    }>()
    expectTypeOf<Inputs['products']['upsertMany']['rows'][number]>().toEqualTypeOf<Inputs['products']['create']>()
    expectTypeOf<Inputs['products']['create']>().toHaveProperty('sku').toEqualTypeOf<string>()
    expectTypeOf<'EUR'>().toExtend<Inputs['products']['create']['price']['currency']>()
    expectTypeOf<'EURO'>().not.toExtend<Inputs['products']['create']['price']['currency']>()
  })
})

describe('outputs', () => {
  test('products and orders have types of their own', () => {
    expectTypeOf<Outputs['products']['byId']>().toEqualTypeOf<Product>()
    expectTypeOf<Outputs['orders']['byId']>().toEqualTypeOf<Order>()
  })

  test('times are Date, money is an amount and a currency', () => {
    expectTypeOf<Product['createdAt']>().toEqualTypeOf<Date>()
    expectTypeOf<Product['updatedAt']>().toEqualTypeOf<Date>()
    expectTypeOf<Order['createdAt']>().toEqualTypeOf<Date>()
    expectTypeOf<Order['total']['amount']>().toEqualTypeOf<number>()
    expectTypeOf<Order['total']>().toEqualTypeOf<Product['price']>()
    expectTypeOf<Order['lines'][number]['unitPrice']>().toEqualTypeOf<Product['price']>()
    expectTypeOf<Product['description']>().toEqualTypeOf<string | undefined>()
  })

  test('pages hold items and the next cursor, which is null at the end', () => {
    expectTypeOf<Outputs['products']['list']>().toEqualTypeOf<{ items: Product[]; nextCursor: string | null }>()
    expectTypeOf<Outputs['orders']['list']>().toEqualTypeOf<{ items: Order[]; nextCursor: string | null }>()
  })

  test('each call promises its output', () => {
    expectTypeOf(client.products.list.query).returns.resolves.toEqualTypeOf<Outputs['products']['list']>()
    expectTypeOf(client.products.create.mutate).returns.resolves.toEqualTypeOf<Product>()
    expectTypeOf(client.products.setQuantity.mutate).returns.resolves.toEqualTypeOf<Product>()
    expectTypeOf(client.orders.create.mutate).returns.resolves.toEqualTypeOf<Order>()
    expectTypeOf<Outputs['products']['upsertMany']['results'][number]['outcome']>().toEqualTypeOf<
      'created' | 'updated' | 'unchanged'
    >()
  })

  test('watches are told of products under their ids, null where one is gone, and of whole orders', () => {
    client.products.watch.subscribe(
      {},
      {
        onData({ id, data }) {
          expectTypeOf(id).toEqualTypeOf<string>()
          expectTypeOf(data).toEqualTypeOf<{ id: string; product: Product | null }>()
        },
      },
    )
    client.orders.watch.subscribe({ id: 'a' }, { onData: ({ data }) => expectTypeOf(data).toEqualTypeOf<Order>() })
  })

  test('queries are not mutations, and what is not there cannot be called', () => {
    // @ts-expect-error -- reading is a query
    void client.products.list.mutate
    // @ts-expect-error -- writing is a mutation
    void client.orders.create.query
    // @ts-expect-error -- no such procedure
    void client.orders.burn
  })
})

describe('isShopError', () => {
  test('with a code, gives the details of that code', () => {
    if (!isShopError(error, 'OUT_OF_STOCK')) return
    expectTypeOf(error.data.shop.code).toEqualTypeOf<'OUT_OF_STOCK'>()
    expectTypeOf(error.data.shop.details.products[0]!.available).toEqualTypeOf<number>()
    expectTypeOf(error.message).toEqualTypeOf<string>()
    // @ts-expect-error -- these are the details of SKU_TAKEN
    void error.data.shop.details.sku
  })

  test('without a code, leaves a union told apart by the code', () => {
    if (!isShopError(error)) return
    const { shop } = error.data
    expectTypeOf(shop).toEqualTypeOf<ShopErrorData>()
    expectTypeOf(shop.code).toEqualTypeOf<ErrorCode>()
    // @ts-expect-error -- not before the code is known
    void shop.details.products
    switch (shop.code) {
      case 'OUT_OF_STOCK':
        return expectTypeOf(shop.details.products[0]!.requested).toEqualTypeOf<number>()
      case 'PRODUCT_NOT_FOUND':
        return expectTypeOf(shop.details.productIds).toEqualTypeOf<string[]>()
      case 'ORDER_NOT_FOUND':
        return expectTypeOf(shop.details.orderId).toEqualTypeOf<string>()
      case 'SKU_TAKEN':
        return expectTypeOf(shop.details.productId).toEqualTypeOf<string>()
      case 'VALIDATION':
      case 'MALFORMED_JSON':
        return expectTypeOf(shop.details.issues[0]!.loc).toEqualTypeOf<(string | number)[]>()
      case 'CURRENCY_MISMATCH':
        return expectTypeOf(shop.details.currencies).items.toEqualTypeOf<
          Outputs['orders']['byId']['total']['currency']
        >()
      case 'INVALID_TRANSITION':
        return expectTypeOf(shop.details.allowed).toEqualTypeOf<Outputs['orders']['byId']['status'][]>()
      case 'QUANTITY_CHANGED':
        return expectTypeOf(shop.details.current).toEqualTypeOf<number>()
      case 'IDEMPOTENCY_KEY_REUSED':
      case 'MALFORMED_REQUEST':
      case 'INVALID_CURSOR':
      case 'NO_PRODUCTS':
      case 'ROUTE_NOT_FOUND':
      case 'METHOD_NOT_ALLOWED':
      case 'BODY_TOO_LARGE':
      case 'UNSUPPORTED_MEDIA_TYPE':
      case 'AMOUNT_OUT_OF_RANGE':
      case 'INTERNAL':
      case 'BUSY':
      case 'OUTCOME_UNKNOWN':
        return expectTypeOf(shop.details).toEqualTypeOf<Record<string, never>>()
      default:
        // Every code is handled above: a new one turns this red, as it would a switch of a caller.
        return expectTypeOf(shop).toBeNever()
    }
  })

  test('takes the codes there are', () => {
    // @ts-expect-error -- no such code
    isShopError(error, 'OUT_OF_STOCKS')
    // @ts-expect-error -- nothing would be checked
    isShopError<'OUT_OF_STOCK'>(error)
    expectTypeOf(isShopError<'BUSY' | 'OUTCOME_UNKNOWN'>).guards.toExtend<{
      data: { shop: { code: 'BUSY' | 'OUTCOME_UNKNOWN' } }
    }>()
  })
})

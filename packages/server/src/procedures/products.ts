import {
  AdjustQuantity,
  CreateProduct,
  ListProducts,
  Product,
  ProductById,
  ProductPage,
  SetQuantity,
  UpsertProducts,
  UpsertResults,
  WatchProducts,
} from '@stockroom/contracts'
import { procedure, router } from '../trpc.ts'
import { ended, withIds } from './live.ts'

export const products = router({
  list: procedure
    .meta({
      ready: true,
      rest: {
        method: 'GET',
        path: '/products',
        summary: 'List products, oldest first',
        answer: 'page',
        resource: 'product',
        emptyAs: 'NO_PRODUCTS',
        errors: ['INVALID_CURSOR', 'NO_PRODUCTS'],
      },
    })
    .input(ListProducts.optional())
    .output(ProductPage)
    .query(({ ctx, input }) => ctx.shop.products.list(input ?? {})),

  byId: procedure
    .meta({
      ready: true,
      rest: {
        method: 'GET',
        path: '/products/{product_id}',
        params: { product_id: 'id' },
        summary: 'Fetch a product',
        answer: 'one',
        resource: 'product',
        message: 'Product found',
        errors: ['PRODUCT_NOT_FOUND'],
      },
    })
    .input(ProductById)
    .output(Product)
    .query(({ ctx, input }) => ctx.shop.products.byId(input)),

  create: procedure
    .meta({
      rest: {
        method: 'POST',
        path: '/products',
        status: 201,
        summary: 'Create a product',
        answer: 'written',
        resource: 'product',
        message: 'Product created',
        errors: ['SKU_TAKEN'],
      },
    })
    .input(CreateProduct)
    .output(Product)
    .mutation(({ ctx, input }) => ctx.shop.products.create(input)),

  setQuantity: procedure
    .meta({
      rest: {
        method: 'PUT',
        path: '/products/{product_id}',
        alias: '/products/{product_id}/quantity',
        params: { product_id: 'id' },
        query: ['quantity'],
        summary: 'Set the units on hand of a product',
        answer: 'written',
        resource: 'product',
        message: 'Product quantity updated',
        errors: ['PRODUCT_NOT_FOUND', 'QUANTITY_CHANGED'],
      },
    })
    .input(SetQuantity)
    .output(Product)
    .mutation(({ ctx, input }) => ctx.shop.products.setQuantity(input)),

  adjustQuantity: procedure
    .meta({
      rest: {
        method: 'POST',
        path: '/products/{product_id}/adjust',
        params: { product_id: 'id' },
        summary: 'Add units to the stock or take them away, with a reason',
        answer: 'written',
        resource: 'product',
        message: 'Product quantity adjusted',
        errors: ['PRODUCT_NOT_FOUND', 'OUT_OF_STOCK', 'IDEMPOTENCY_KEY_REUSED'],
      },
    })
    .input(AdjustQuantity)
    .output(Product)
    .mutation(({ ctx, input }) => ctx.shop.products.adjustQuantity(input, ctx.call)),

  upsertMany: procedure
    .input(UpsertProducts)
    .output(UpsertResults)
    .mutation(({ ctx, input }) => ctx.shop.products.upsertMany(input)),

  watch: procedure
    .meta({
      rest: {
        method: 'GET',
        path: '/products/events',
        params: { id: 'ids' },
        summary: 'Watch products: each as it is, then each change of one',
        answer: 'events',
        resource: 'product',
        errors: [],
      },
    })
    .input(WatchProducts.optional())
    .subscription(async ({ ctx, input, signal }) => {
      const events = await ctx.shop.products.watch(input ?? {}, ended(ctx, signal))
      return withIds(events, ({ id, product }) => (product ? `${id}:${product.revision}` : 'gone'))
    }),
})

import { QueryClient } from '@tanstack/react-query'
import { createTRPCOptionsProxy } from '@trpc/tanstack-react-query'
import type { AppRouter } from '@stockroom/client/react'
import { createElement } from 'react'
import { renderToStaticMarkup } from 'react-dom/server'
import { expect, test } from 'vitest'
import { aProduct } from '../../server/tests/_shop.ts'
import { testServer } from './_server.ts'
import { ShopPage, upToDate } from './consumer/react-shop.tsx'

test('a component reads the shop through TanStack Query', async () => {
  await using server = await testServer()
  const { client } = server
  await client.products.create.mutate(aProduct({ name: 'Mug', quantity: 5 }))
  const queryClient = new QueryClient()
  const page = () => renderToStaticMarkup(createElement(ShopPage, { client, queryClient }))
  expect(page()).toBe('<ul></ul>')
  const shop = createTRPCOptionsProxy<AppRouter>({ client, queryClient })
  await queryClient.prefetchQuery(shop.products.list.queryOptions({}))
  expect(page()).toBe('<ul><li>Mug: 5 left<button>Buy one</button></li></ul>')
})

test('of the list and the watch, the newer counts', async () => {
  await using server = await testServer()
  const { products } = server.client
  const old = await products.create.mutate(aProduct({ quantity: 5 }))
  const now = await products.setQuantity.mutate({ id: old.id, quantity: 1 })
  expect(upToDate([old], new Map([[old.id, now]]))).toEqual([now])
  expect(upToDate([now], new Map([[old.id, old]]))).toEqual([now])
  expect(upToDate([old], new Map([[old.id, null]]))).toEqual([])
  expect(upToDate([old], new Map())).toEqual([old])
})

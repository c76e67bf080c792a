import '@stockroom/local-mongo/vitest'
import { MongoClient } from 'mongodb'
import { expect, inject, test } from 'vitest'

test('every test of the run is given the address of a replica set', async () => {
  await using client = await MongoClient.connect(inject('mongoUri'))
  expect(await client.db('admin').command({ hello: 1 })).toMatchObject({
    isWritablePrimary: true,
    setName: 'stockroom',
  })
})

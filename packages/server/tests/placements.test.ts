import fc from 'fast-check'
import { ObjectId } from 'mongodb'
import { expect, test } from 'vitest'
import type { OrderDocument } from '../src/collections/orders.ts'
import { encodeAnswer, encodeDecided, messagesOf } from '../src/peers/placements.ts'

test('messages are read whole, however the stream cuts them', async () => {
  const placed = { value: { _id: new ObjectId(), userId: 'ada' } as OrderDocument, replayed: false }
  const answer = { outcomes: [placed], products: [], closing: true }
  const sent = Buffer.concat([encodeDecided([placed]), encodeAnswer(answer)])
  const cuts = fc.uniqueArray(fc.nat(sent.length))
  await fc.assert(
    fc.asyncProperty(cuts, async (at) => {
      const ends = [...at.toSorted((a, b) => a - b), sent.length]
      const parts = ends.map((end, index) => sent.subarray(ends[index - 1] ?? 0, end))
      const messages: unknown[] = []
      for await (const message of messagesOf(streamOf(parts))) messages.push(message)
      expect(messages).toEqual([{ decided: [placed] }, answer])
    }),
  )
})

async function* streamOf(parts: readonly Buffer[]) {
  yield* parts
}

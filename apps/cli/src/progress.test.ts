import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { startProgress } from './progress.ts'

function recorder(isTTY: boolean) {
  const written: string[] = []
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void written.push(String(chunk))) })
  return { written, io: { out: stream, err: Object.assign(stream, { isTTY }) } }
}

test('without a terminal there is a line a quarter, each once', () => {
  const { written, io } = recorder(false)
  {
    using progress = startProgress(io, { label: 'Placing', total: 8 })
    for (const done of [1, 2, 3, 4, 7, 8, 8]) progress.update(done)
  }
  expect(written).toEqual(['Placing: 25%\n', 'Placing: 50%\n', 'Placing: 75%\n', 'Placing: 100%\n'])
})

test('on a terminal there is a bar', () => {
  const { written, io } = recorder(true)
  {
    using progress = startProgress(io, { label: 'Placing', total: 8 })
    progress.update(8)
  }
  expect(written.join('')).toContain('Placing')
  expect(written.join('')).not.toContain('\n')
})

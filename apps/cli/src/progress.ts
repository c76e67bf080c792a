import cliProgress from 'cli-progress'
import type { Io } from './io.ts'

export interface Progress extends Disposable {
  update(done: number): void
}

export interface ProgressOptions {
  readonly label: string
  readonly total: number
}

/** A bar on a terminal, which goes when it is disposed of; a plain line every quarter elsewhere. */
export function startProgress({ err }: Pick<Io, 'err'>, options: ProgressOptions): Progress {
  return err.isTTY ? bar(err, options) : plainLines(err, options)
}

function bar(stream: NodeJS.WritableStream, { label, total }: ProgressOptions): Progress {
  const single = new cliProgress.SingleBar({
    stream,
    format: `${label} {bar} {percentage}% | {eta_formatted}`,
    clearOnComplete: true,
    hideCursor: false,
    barsize: 30,
  })
  single.start(total, 0)
  return { update: (done) => single.update(done), [Symbol.dispose]: () => single.stop() }
}

function plainLines(stream: NodeJS.WritableStream, { label, total }: ProgressOptions): Progress {
  let shown = 0
  return {
    update(done) {
      const quarters = total > 0 ? Math.floor((done / total) * 4) : 4
      if (quarters <= shown) return
      shown = quarters
      stream.write(`${label}: ${quarters * 25}%\n`)
    },
    [Symbol.dispose]() {},
  }
}

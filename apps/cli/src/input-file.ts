import type { ReadStream } from 'node:fs'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import type { Duplex, Readable, TransformCallback } from 'node:stream'
import { pipeline, Transform } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { CliError } from './errors.ts'

type Format = 'csv' | 'json lines'

export interface InputFile {
  readonly name: string
  readonly format: Format
  /** Bytes of the file as it lies there, and how many of them have been read. */
  readonly size: number
  position(): number
  /** The content, unpacked, passed on through `last`. May be called once. */
  into<Last extends Duplex>(last: Last): Last
}

const endings: Readonly<Record<string, Format>> = {
  '.csv': 'csv',
  '.jsonl': 'json lines',
  '.ndjson': 'json lines',
  '.json': 'json lines',
}

/** Opens a file for reading. What it is, its name says: .csv, .jsonl, .ndjson or .json, each also with .gz behind. */
export async function openInput(path: string, folder: string): Promise<InputFile> {
  const packed = path.endsWith('.gz')
  const ending = /\.[a-z]+$/.exec(packed ? path.slice(0, -3) : path)?.[0] ?? ''
  const format = endings[ending]
  if (!format)
    throw new CliError(`${path}: the name must end in ${Object.keys(endings).join(', ')}, or in one of these and .gz.`)
  const absolute = resolve(folder, path)
  const size = await sizeOf(absolute)
  let file: ReadStream | undefined
  return {
    name: basename(path),
    format,
    size,
    position: () => file?.bytesRead ?? 0,
    into(last) {
      file = createReadStream(absolute)
      const streams: [Readable, ...Duplex[]] = [file, ...(packed ? [createGunzip()] : []), assertUtf8(), last]
      // Whoever reads `last` gets the error there.
      pipeline(streams, () => {})
      return last
    },
  }
}

/** What is no UTF-8 would be read as replacement characters, and two SKUs as one. */
function assertUtf8(): Duplex {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const check = (done: TransformCallback, chunk?: Buffer): void => {
    try {
      utf8.decode(chunk, { stream: chunk !== undefined })
    } catch (error) {
      return done(error as Error)
    }
    done(null, chunk)
  }
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => check(done, chunk),
    flush: (done) => check(done),
  })
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await stat(path)
    if (found.isFile()) return found.size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new CliError(`There is no file ${path}: name another one.`, { cause: error })
    throw new CliError(`${path} cannot be read: ${(error as Error).message}. See that you may read it.`, {
      cause: error,
    })
  }
  throw new CliError(`${path} is not a file: name one.`)
}

/** Turns what reading can fail with into words. */
export function explainReading(error: unknown, name: string): unknown {
  const code = codeOf(error)
  if (code.startsWith('Z_')) {
    return new CliError(`${name} is not a whole gzip file: ${(error as Error).message}. Fetch it again.`, {
      cause: error,
    })
  }
  if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
    return new CliError(`${name} is not UTF-8: save it as that (spreadsheets say "CSV UTF-8") and begin again.`, {
      cause: error,
    })
  }
  if (code.startsWith('CSV_'))
    return new CliError(`${name} is not CSV: ${(error as Error).message}. Correct it and begin again.`, {
      cause: error,
    })
  if (code === 'EACCES')
    return new CliError(`${name} cannot be read: ${(error as Error).message}. See that you may read it.`, {
      cause: error,
    })
  return error
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}

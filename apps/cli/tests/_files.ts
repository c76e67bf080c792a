import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

/** A folder of its own for files that a test writes, gone with it. */
export async function folder() {
  const path = await mkdtemp(join(tmpdir(), 'stockroom-cli-'))
  return {
    path,
    /** Writes a file, packed where its name says so, and gives its path. */
    async write(name: string, content: string | Buffer): Promise<string> {
      const file = join(path, name)
      await writeFile(file, name.endsWith('.gz') ? gzipSync(content) : content)
      return file
    },
    /** Writes the first half of the packed content. */
    async writeCut(name: string, content: string): Promise<string> {
      const file = join(path, name)
      const packed = gzipSync(content)
      await writeFile(file, packed.subarray(0, packed.length >> 1))
      return file
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

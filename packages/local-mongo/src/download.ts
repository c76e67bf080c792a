import { copyFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { environment } from './environment.ts'
import { errorText } from './error-text.ts'

/** MongoDB's own build for this system, by mongodb-memory-server, whose `MONGOMS_*` settings hold. About 100 MB. */
export async function downloadMongod(folder: string): Promise<string> {
  // The library reads its settings from the process. Its own three attempts take 7.5 s to fail without a network.
  environment['MONGOMS_MAX_RETRIES'] ??= '1'
  // Imported only when needed: it brings a driver of its own.
  const { DryMongoBinary, MongoBinary } = await import('mongodb-memory-server-core')
  try {
    const path = await MongoBinary.getPath({ downloadDir: folder })
    if (dirname(path) === folder) return path
    // Its settings may name a binary that belongs to somebody else: copy it, the cache moves what it is given.
    const copy = join(folder, 'mongod')
    await copyFile(path, copy)
    return copy
  } catch (error) {
    const reason = errorText(error).replaceAll(/\s+/g, ' ')
    throw new Error(`${reason} (a mirror can be named by MONGOMS_DOWNLOAD_MIRROR)`, { cause: error })
  } finally {
    // The library remembers the path, and the cache takes the file away from there.
    DryMongoBinary.binaryCache.clear()
  }
}

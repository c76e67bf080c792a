import { mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { checkMongod, type Mongod } from './check-mongod.ts'
import type { Environment } from './environment.ts'
import { errorCode, errorText, isDiskFull } from './error-text.ts'

/** Puts a mongod somewhere inside the folder and returns its path. */
export type FetchMongod = (folder: string, env: Environment) => Promise<string>

/** Where a fetched mongod is kept for every checkout of this user, whether it is there or not. */
export function cachedMongod(env: Environment): string {
  const cache = env['XDG_CACHE_HOME'] || join(env['HOME'] || homedir(), '.cache')
  return join(cache, 'stockroom', process.platform === 'win32' ? 'mongod.exe' : 'mongod')
}

/**
 * Fetches a mongod and keeps it. Nothing that does not run gets into the cache, and nothing half-written:
 * the rename is atomic, so several processes may do this at once.
 */
export async function fetchIntoCache(fetch: FetchMongod, env: Environment): Promise<Mongod> {
  const cached = cachedMongod(env)
  try {
    await mkdir(dirname(cached), { recursive: true })
    await removeAbandoned(cached)
    const folder = await mkdtemp(`${cached}-`)
    try {
      const { path, version } = await checkMongod(await fetch(folder, env))
      await rename(path, cached)
      return { path: cached, version }
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  } catch (error) {
    throw new Error(explain(error, dirname(cached)), { cause: error })
  }
}

function explain(error: unknown, folder: string): string {
  const elsewhere = 'or set XDG_CACHE_HOME to a folder elsewhere'
  if (isDiskFull(error)) return `the disk that holds ${folder} is full: free 500 MB there ${elsewhere}`
  const code = errorCode(error)
  if (['EACCES', 'EROFS', 'EPERM', 'ENOTDIR', 'EEXIST'].includes(String(code)))
    return `${folder} cannot be written (${code}): allow it ${elsewhere}`
  return errorText(error)
}

/** Removes what a killed process left behind; a fetch that takes an hour is given up for dead. */
async function removeAbandoned(cached: string): Promise<void> {
  for (const name of await readdir(dirname(cached))) {
    if (!name.startsWith(`${basename(cached)}-`)) continue
    const path = join(dirname(cached), name)
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: Date.now() }))
    if (Date.now() - mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true })
  }
}

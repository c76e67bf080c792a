import { copyFile, mkdir, mkdtempDisposable, readFile, realpath, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import manifest from '../package.json' with { type: 'json' }
import { run } from './_run.ts'
import { testServer } from './_server.ts'

const root = join(import.meta.dirname, '../../..')
const tsc = join(root, 'node_modules/.bin/tsc')
const attw = fileURLToPath(new URL('dist/index.js', import.meta.resolve('@arethetypeswrong/cli/package.json')))
const packages = ['contracts', 'server', 'client'] as const

/** How a consumer's TypeScript may find packages. */
const resolutions = {
  nodenext: { module: 'nodenext' },
  bundler: { module: 'esnext', moduleResolution: 'bundler' },
}

let temporary: Awaited<ReturnType<typeof mkdtempDisposable>> | undefined
let folder: string
const tarballOf = (name: (typeof packages)[number]) => join(folder, `stockroom-${name}-${manifest.version}.tgz`)

/** Packs as a release would, into a folder outside the workspace. */
beforeAll(async () => {
  temporary = await mkdtempDisposable(join(await realpath(tmpdir()), 'stockroom-pack-'))
  folder = temporary.path
  for (const name of packages) await run(join(root, 'packages', name), 'pnpm', 'pack', '--pack-destination', folder)
})
afterAll(() => temporary?.remove())

describe.each(packages)('@stockroom/%s', (name) => {
  test('publint has nothing to say', async () => {
    const file = await readFile(tarballOf(name))
    const tarball = file.buffer.slice(file.byteOffset, file.byteOffset + file.byteLength)
    const { messages, pkg } = await publint({ pack: { tarball }, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([])
  })

  test('its types resolve for every importer of ES modules', async () => {
    expect(await run(folder, process.execPath, attw, tarballOf(name), '--profile', 'esm-only', '--no-color')).toContain(
      '🟢',
    )
  })

  test('holds its build, its sources and its licence, and no leftovers', async () => {
    const files = (await run(folder, 'tar', '-tzf', tarballOf(name))).trim().split('\n')
    expect(files).toEqual(expect.arrayContaining(['package/LICENSE', 'package/README.md', 'package/dist/index.js']))
    expect(files.filter((path) => /tsbuildinfo|\.test\.|\/tests\/|\/scripts\//.test(path))).toEqual([])
  })
})

describe('a packed client, installed where nothing else is', () => {
  let consumer: string

  beforeAll(async () => {
    consumer = join(folder, 'consumer')
    await install(consumer, 'client')
    await copyFile(new URL('./consumer/shop-calls.ts', import.meta.url), join(consumer, 'shop-calls.ts'))
    for (const [name, options] of Object.entries(resolutions)) {
      // Declarations of @trpc/server need skipLibCheck: they want the types of Node and of ws.
      const compilerOptions = { strict: true, noEmit: true, skipLibCheck: true, ...options }
      await writeFile(
        join(consumer, `tsconfig.${name}.json`),
        JSON.stringify({ compilerOptions, files: ['shop-calls.ts'] }),
      )
    }
  })

  test.each(Object.keys(resolutions))('compiles under %s, and its mistakes do not', async (resolution) => {
    await run(consumer, tsc, '-p', `tsconfig.${resolution}.json`)
  })

  test('has declarations of its own without errors', async () => {
    const strict = ['--skipLibCheck', 'false', '--lib', 'es2024,esnext.disposable,dom', '--pretty', 'false']
    const output = await run(consumer, tsc, '-p', 'tsconfig.nodenext.json', ...strict).catch(String)
    const errors = output.split('\n').filter((line) => line.includes('error TS'))
    expect(errors.filter((line) => !line.includes('/node_modules/@trpc/server/'))).toEqual([])
  })

  test('brings nothing of the server but declarations, and neither mongodb nor express', async () => {
    const files = await run(consumer, tsc, '-p', 'tsconfig.nodenext.json', '--listFilesOnly')
    expect(files).toContain('/@stockroom/client/dist/types/server/router.d.ts')
    expect(files.split('\n').filter((path) => /mongodb|express|@stockroom\/server/.test(path))).toEqual([])
    const installed = await run(consumer, 'pnpm', 'list', '--depth', 'Infinity', '--parseable')
    expect(installed.split('\n').filter((path) => /mongodb|express|stockroom.server/.test(path))).toEqual([])
  })

  test('calls a running shop', async () => {
    await using server = await testServer()
    await server.client.products.create.mutate({
      sku: 'MUG',
      name: 'Mug',
      price: { amount: 500, currency: 'EUR' },
      quantity: 3,
    })
    const script = `import('./shop-calls.ts').then(async ({ skusOf }) => console.log(await skusOf('${server.url}')))`
    expect(await run(consumer, process.execPath, '-e', script)).toBe("[ 'MUG' ]\n")
  })
})

test('a packed client fits the hooks of TanStack Query, where a project has them', async () => {
  const consumer = join(folder, 'react-consumer')
  const hooks = ['@tanstack/react-query', '@trpc/tanstack-react-query', 'react', '@types/react']
  const versions = hooks.map(async (name) => {
    const text = await readFile(join(import.meta.dirname, '../node_modules', name, 'package.json'), 'utf8')
    return [name, (JSON.parse(text) as { version: string }).version] as const
  })
  await install(consumer, 'client', Object.fromEntries(await Promise.all(versions)))
  await copyFile(new URL('./consumer/react-shop.tsx', import.meta.url), join(consumer, 'react-shop.tsx'))
  for (const [name, options] of Object.entries(resolutions)) {
    const compilerOptions = { strict: true, noEmit: true, skipLibCheck: true, jsx: 'react-jsx', ...options }
    await writeFile(
      join(consumer, `tsconfig.${name}.json`),
      JSON.stringify({ compilerOptions, files: ['react-shop.tsx'] }),
    )
    await run(consumer, tsc, '-p', `tsconfig.${name}.json`)
  }
}, 60_000)

test('a packed server opens every one of its doors where only its dependencies are', async () => {
  const consumer = join(folder, 'server-consumer')
  await install(consumer, 'server')
  const script = `Promise.all(['', '/http', '/testing'].map((door) => import('@stockroom/server' + door)))
    .then((doors) => console.log(doors.map((door) => typeof (door.openShop ?? door.serve ?? door.testShop)).join()))`
  expect(await run(consumer, process.execPath, '-e', script)).toBe('function,function,function\n')
}, 60_000)

/** A project that depends on one of the tarballs; contracts, which no registry has, is its tarball too. */
async function install(project: string, name: 'client' | 'server', others: Record<string, string> = {}): Promise<void> {
  await mkdir(project, { recursive: true })
  const dependencies = { ...others, [`@stockroom/${name}`]: `file:${tarballOf(name)}` }
  await writeFile(join(project, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }))
  // Peers, of which TypeScript is one, are left out, and install scripts too: nothing here needs them.
  const settings = {
    overrides: { '@stockroom/contracts': `file:${tarballOf('contracts')}` },
    autoInstallPeers: false,
    ignoreScripts: true,
    strictDepBuilds: false,
  }
  await writeFile(join(project, 'pnpm-workspace.yaml'), JSON.stringify(settings))
  await run(project, 'pnpm', 'install', '--prefer-offline')
}

import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { expect, test } from 'vitest'

test('the client is at most 48 KB in a browser, with nothing of the server in it', async () => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('../src/index.ts', import.meta.url))],
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    // A value imported from the server would then be found, and show below.
    conditions: ['@stockroom/source'],
    // What is loaded on demand goes into files of its own, as it does with the bundlers of web pages.
    splitting: true,
    outdir: 'out',
    metafile: true,
    write: false,
  })
  const inputs = Object.keys(metafile.inputs)
  expect(inputs.filter((path) => path.includes('superjson'))).not.toEqual([])
  expect(inputs.filter((path) => /zod|express|mongodb|packages\/(server|contracts)\//.test(path))).toEqual([])
  const entry = metafile.outputs['out/index.js']!
  expect(Object.keys(entry.inputs).filter((path) => path.includes('/eventsource'))).toEqual([])
  expect(entry.bytes).toBeLessThan(48_000)
})

test('the contracts bring no languages of zod into a bundle', async () => {
  const { metafile } = await build({
    stdin: {
      contents: "export { CreateProduct } from '@stockroom/contracts'",
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    conditions: ['@stockroom/source'],
    metafile: true,
    write: false,
  })
  const { inputs } = Object.values(metafile.outputs)[0]!
  const sent = Object.keys(inputs).filter((path) => inputs[path]!.bytesInOutput > 0)
  expect(sent.filter((path) => path.includes('zod/v4/core'))).not.toEqual([])
  // English is what its messages are in.
  expect(sent.filter((path) => /zod\/v4\/locales\/(?!en\.js)/.test(path))).toEqual([])
})

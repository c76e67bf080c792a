import { describe, expect, test } from 'vitest'
import { ConfigError, readConfig } from '../src/config.ts'

const defaults = {
  PORT: 8000,
  HOST: '127.0.0.1',
  MONGODB_DATABASE: 'stockroom',
  STOCKROOM_DATA: '.stockroom',
  CORS_ORIGINS: [],
  LOG_LEVEL: 'info',
  SAMPLE_CATALOGUE: 'on',
}

/** The variables that are said to be wrong. */
function wrongVariables(environment: NodeJS.ProcessEnv): string[] {
  try {
    readConfig(environment)
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError)
    const [head, ...lines] = (error as Error).message.split('\n')
    expect(head).toBe('These variables are not valid:')
    expect(lines.pop()).toBe('Correct or unset them and start again.')
    return lines.map((line) => /^ {2}(\w+): \S/.exec(line)![1]!)
  }
  return []
}

describe('the configuration', () => {
  test('needs nothing, and says what holds then', () => {
    expect(readConfig({})).toEqual(defaults)
  })

  test('counts an empty variable as not set', () => {
    const empty = Object.fromEntries([...Object.keys(defaults), 'MONGODB_URI'].map((name) => [name, '']))
    expect(readConfig(empty)).toEqual(defaults)
  })

  test('takes every variable', () => {
    expect(
      readConfig({
        PORT: '0',
        HOST: '::1',
        MONGODB_URI: 'mongodb+srv://shop.example/?w=majority',
        MONGODB_DATABASE: 'shop_2',
        STOCKROOM_DATA: 'the data',
        CORS_ORIGINS: 'https://shop.example, http://localhost:5173,',
        LOG_LEVEL: 'silent',
        SAMPLE_CATALOGUE: 'off',
      }),
    ).toEqual({
      PORT: 0,
      HOST: '::1',
      MONGODB_URI: 'mongodb+srv://shop.example/?w=majority',
      MONGODB_DATABASE: 'shop_2',
      STOCKROOM_DATA: 'the data',
      CORS_ORIGINS: ['https://shop.example', 'http://localhost:5173'],
      LOG_LEVEL: 'silent',
      SAMPLE_CATALOGUE: 'off',
    })
  })

  test('leaves the other variables of the process alone', () => {
    expect(readConfig({ PATH: '/bin', HOME: '/root', PORTS: '1' })).toEqual(defaults)
  })

  test('lists every wrong variable at once', () => {
    const wrong = {
      PORT: '99999',
      MONGODB_URI: 'localhost:27017',
      MONGODB_DATABASE: 'a/b',
      CORS_ORIGINS: 'shop.example',
      LOG_LEVEL: 'loud',
      SAMPLE_CATALOGUE: 'yes',
    }
    expect(wrongVariables({ ...wrong, HOST: '0.0.0.0' })).toEqual(Object.keys(wrong))
  })

  test.for([
    ['PORT', 'http'],
    ['PORT', '-1'],
    ['PORT', '80.5'],
    ['PORT', ' '],
    ['PORT', '0x50'],
    ['PORT', '1e3'],
    ['PORT', '65536'],
    ['MONGODB_URI', 'http://localhost'],
    ['MONGODB_DATABASE', 'my shop'],
    ['MONGODB_DATABASE', 'a'.repeat(64)],
    ['CORS_ORIGINS', '*'],
    ['CORS_ORIGINS', 'null'],
    ['CORS_ORIGINS', 'file:///tmp'],
    ['CORS_ORIGINS', 'https://shop.example/'],
    ['CORS_ORIGINS', 'https://shop.example/shop'],
    ['CORS_ORIGINS', 'https://good.example,bad'],
    ['LOG_LEVEL', 'INFO'],
    ['SAMPLE_CATALOGUE', 'true'],
  ])('refuses %s=%s', ([name, value]) => {
    expect(wrongVariables({ [name!]: value })).toEqual([name])
  })
})

/** A cell as text: JSON has numbers where CSV has their digits. Anything else is as good as blank. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'number' ? String(value) : ''
}

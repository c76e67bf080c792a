/** What the validator asks of a write past the shop that raises a product's revision and was not decided by it. */
export const raised = { $inc: { revision: 1 }, $unset: { expectedRevision: '' } } as const

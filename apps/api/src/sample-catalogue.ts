import type { CreateProduct } from '@stockroom/contracts'
import type { Shop } from '@stockroom/server'

/** Category, then its products: SKU, name, price in euro cents, units on hand, description. */
const shelves: Record<string, [sku: string, name: string, cents: number, quantity: number, description: string][]> = {
  Kitchen: [
    ['KIT-MUG-SLATE', 'Slate mug, 350 ml', 1290, 140, 'Stoneware with a matt glaze. Dishwasher safe.'],
    ['KIT-MUG-SAND', 'Sand mug, 350 ml', 1290, 96, 'The slate mug in a warm sand glaze.'],
    ['KIT-BOWL-S', 'Breakfast bowl, 14 cm', 1450, 80, 'Deep enough for porridge, shallow enough for fruit.'],
    ['KIT-BOWL-L', 'Salad bowl, 28 cm', 3900, 24, 'Serves six. Comes with no lid.'],
    ['KIT-BOARD-OAK', 'Oak chopping board', 3400, 35, 'Oiled oak, 40 by 25 cm, with a juice groove.'],
    ['KIT-KNIFE-PAR', 'Paring knife', 1890, 60, 'A 9 cm blade of stainless steel and a beech handle.'],
    ['KIT-KETTLE', 'Stove-top kettle, 1.5 l', 4990, 18, 'Enamelled steel. Works on induction.'],
  ],
  Desk: [
    ['DSK-LAMP-ARM', 'Desk lamp with jointed arm', 8900, 15, 'Dimmable LED, 2,700 K. Clamp for tops up to 6 cm.'],
    ['DSK-PAD-FELT', 'Felt desk pad, 80 by 40 cm', 2750, 52, 'Wool felt, 4 mm, charcoal.'],
    ['DSK-TRAY-A4', 'Paper tray, A4', 1990, 44, 'Powder-coated steel. Stacks.'],
    ['DSK-CUP-PEN', 'Pen cup', 990, 110, 'Turned ash.'],
    ['DSK-STAND-LAP', 'Laptop stand', 4490, 27, 'Folds flat; raises the screen by 15 cm.'],
    ['DSK-CLOCK', 'Desk clock', 3650, 12, 'Runs on one AA cell, which is included.'],
    ['DSK-BIN', 'Paper bin, 12 l', 2290, 31, 'Pressed cardboard with a steel rim.'],
  ],
  Stationery: [
    ['STA-NOTE-A5-DOT', 'Notebook A5, dotted', 1150, 200, '192 pages of 100 g paper, thread-sewn.'],
    ['STA-NOTE-A5-LIN', 'Notebook A5, lined', 1150, 180, '192 pages of 100 g paper, thread-sewn.'],
    ['STA-NOTE-A6', 'Pocket notebook A6, pack of 3', 890, 160, '48 pages each, plain.'],
    ['STA-PEN-GEL-BK', 'Gel pen 0.5, black', 240, 500, 'Refillable.'],
    ['STA-PEN-GEL-BL', 'Gel pen 0.5, blue', 240, 420, 'Refillable.'],
    ['STA-PENCIL-12', 'Pencils HB, box of 12', 690, 90, 'Cedar, unlacquered.'],
    ['STA-TAPE-KRAFT', 'Kraft tape, 50 m', 460, 130, 'Paper tape that goes into the paper bin with the box.'],
  ],
  Bags: [
    ['BAG-TOTE-NAT', 'Cotton tote, natural', 1490, 150, 'Heavy canvas, long handles.'],
    ['BAG-TOTE-INK', 'Cotton tote, ink', 1490, 75, 'The natural tote, dyed.'],
    ['BAG-BACK-18', 'Day pack, 18 l', 7900, 22, 'Recycled nylon with a sleeve for a 14-inch laptop.'],
    ['BAG-POUCH-M', 'Zip pouch, medium', 1290, 64, 'For cables, or for pens.'],
    ['BAG-MESSENGER', 'Messenger bag', 9800, 9, 'Waxed cotton. It will show how it was used.'],
    ['BAG-SLEEVE-14', 'Laptop sleeve, 14 inch', 3200, 40, 'Felt, with a leather tab.'],
  ],
  Garden: [
    ['GAR-POT-12', 'Terracotta pot, 12 cm', 580, 210, 'With a hole in the bottom, as it should be.'],
    ['GAR-POT-20', 'Terracotta pot, 20 cm', 1180, 95, 'The saucer is sold apart.'],
    ['GAR-SAUCER-20', 'Saucer, 20 cm', 420, 88, 'For the 20 cm pot.'],
    ['GAR-TROWEL', 'Hand trowel', 1690, 37, 'Stainless steel with depth marks in centimetres.'],
    ['GAR-CAN-5', 'Watering can, 5 l', 2990, 16, 'Galvanised, with a brass rose.'],
    ['GAR-SEED-BASIL', 'Basil seeds', 320, 300, 'About 400 seeds. Sow from April.'],
    ['GAR-TWINE', 'Jute twine, 100 m', 490, 140, 'Holds tomatoes; rots after the season.'],
  ],
  Lighting: [
    ['LIT-BULB-E27-W', 'LED bulb E27, warm white', 690, 260, '806 lm, 2,700 K, dimmable.'],
    ['LIT-BULB-E14-W', 'LED bulb E14, warm white', 640, 190, '470 lm, 2,700 K, dimmable.'],
    ['LIT-STRING-10', 'String lights, 10 m', 2490, 48, 'Fifty LEDs, for indoors and out.'],
    ['LIT-PEND-GLASS', 'Glass pendant', 11900, 7, 'Mouth-blown. No two are the same, so there are few.'],
    ['LIT-CANDLE-BW', 'Beeswax candle', 1390, 120, 'Burns for about 20 hours.'],
    ['LIT-TORCH', 'Pocket torch', 1990, 55, 'Charges by USB-C in an hour.'],
  ],
}

/** Fills a shop that has no product yet; any other is left as it is. Answers how many products it made. */
export async function fillEmptyShop({ products }: Shop): Promise<number> {
  if ((await products.list({ limit: 1 })).items.length > 0) return 0
  const rows: CreateProduct[] = Object.entries(shelves).flatMap(([category, shelf]) =>
    shelf.map(([sku, name, cents, quantity, description]) => ({
      sku,
      name,
      description,
      category,
      price: { amount: cents, currency: 'EUR' },
      quantity,
    })),
  )
  const { results } = await products.upsertMany({ rows })
  return results.filter(({ outcome }) => outcome === 'created').length
}

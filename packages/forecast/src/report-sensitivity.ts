// What would change the answer: each assumption moved by itself. Differences that may be noise are named and not drawn.

import type { Section, Words } from '@vauban/report';
import { assumptionRows } from './assumption-rows.ts';
import { chanceText } from './chance-text.ts';
import type { Forecast, Sensitivity } from './forecast.ts';

export function sensitivity({ sensitivities }: Forecast): Section[] {
  if (sensitivities === null || sensitivities.base === 0) return [];
  const { base, rows } = sensitivities;
  const told = rows.filter(({ isTold }) => isTold);
  return [
    {
      id: 'sensitivities',
      title: { en: 'What would change it', fr: 'Ce qui la changerait' },
      text: [
        {
          en: 'Each assumption at half and at double its value, all others left alone; chance of any loss in a year under the network’s own policy. Fewer runs than above.',
          fr: 'Chaque hypothèse à la moitié et au double de sa valeur, les autres inchangées ; probabilité de perte en un an avec la politique du réseau. Moins d’exécutions que plus haut.',
        },
        ...untold(rows.filter(({ isTold }) => !isTold)),
      ],
      parts:
        told.length === 0
          ? []
          : [
              {
                kind: 'tornado',
                caption: { en: 'Chance of loss per year', fr: 'Probabilité de perte par an' },
                unit: 'probability',
                scale: 'log',
                base,
                rows: told.map((row) => ({
                  name: nameOf(row),
                  low: positive(row.low.value, base),
                  high: positive(row.high.value, base),
                  lowLabel: valueLabel(row, row.lowValue),
                  highLabel: valueLabel(row, row.highValue),
                })),
              },
            ],
    },
  ];
}

function untold(rows: readonly Sensitivity[]): readonly Words[] {
  if (rows.length === 0) return [];
  const names = (language: 'en' | 'fr') => rows.map((one) => nameOf(one)[language]).join(' · ');
  return [
    {
      en: `Half or double makes no difference that this effort can tell from noise: ${names('en')}.`,
      fr: `De la moitié au double, pas d’écart que cet effort distingue du bruit : ${names('fr')}.`,
    },
  ];
}

/** A log scale has no zero: what was never met stands a millionth below. */
function positive(value: number, base: number): number {
  return value > 0 ? value : base * 1e-6;
}

function nameOf({ name }: Sensitivity): Words {
  if (name === 'lostAfter')
    return { en: 'Waited before repair (charter)', fr: 'Attente avant réparation (charte)' };
  return assumptionRows[name].what;
}

function valueLabel({ name }: Sensitivity, value: number): Words {
  const seconds = value / 1_000;
  const [number, unit] =
    name !== 'lostAfter' ? [value, ''] : seconds < 60 ? [seconds, '\u00a0s'] : [seconds / 60, '\u00a0min'];
  const { en, fr } = written(Number(number.toPrecision(3)));
  return { en: `${en}${unit}`, fr: `${fr}${unit}` };
}

/** A number as each language writes it, small ones by their power of ten. */
export function written(value: number): Words {
  if (value > 0 && value < 1e-3) return { en: chanceText(value, 'en'), fr: chanceText(value, 'fr') };
  const digits = { maximumSignificantDigits: 15 };
  return { en: value.toLocaleString('en-GB', digits), fr: value.toLocaleString('fr-FR', digits) };
}

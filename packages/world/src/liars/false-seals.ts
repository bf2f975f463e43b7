// A liar: lies about which logs are sealed: hides the seals it stored, or says that what lives is sealed, and
// calls logs unready.

import type { Liar } from '../liar.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

export const falseSeals: Liar = {
  name: 'false-seals',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            const sealed = Reflect.get(body, 'seals') as readonly { readonly origin: string }[] | undefined;
            if (sealed === undefined) return undefined;
            setting.did('lies about seals');
            const living = body.heads.filter(({ origin }) => !sealed.some((one) => one.origin === origin));
            const seals =
              sealed.length > 0
                ? []
                : living.map(({ origin, size, checkpoint }) => ({
                    origin,
                    notes: [],
                    branches: [{ size, checkpoint }],
                  }));
            return Object.assign({}, body, { seals });
          }),
      },
    }),
};

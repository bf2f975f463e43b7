// A liar: thanks for certificates and throws them away, stores without signing, and says it knows of no
// certificate.

import type { Liar } from '../liar.ts';
import { sometimes } from './chance.ts';
import { headsTold } from './heads-told.ts';
import { speaking } from './mouth.ts';

export const unkeptCertificates: Liar = {
  name: 'unkept-certificates',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        certify: (question) => {
          setting.did('drops a certificate');
          return question.say({ stored: true });
        },
        append: async (question) => {
          if (sometimes(setting, 2)) return undefined;
          setting.did('does not sign');
          await question.honest();
          return question.say({ result: 'stored' });
        },
        heads: (question) =>
          headsTold(ports, setting, question, (body) => {
            setting.did('hides certificates');
            return { ...body, heads: body.heads.map((head) => ({ ...head, certificate: null })) };
          }),
      },
    }),
};

// A liar: votes in another hoster's name, or with a signature that is none.

import { type NoteSignature, formatSignature, parseSignature } from '@vauban/ledger';
import type { Liar, LiarSetting } from '../liar.ts';
import { sometimes } from './chance.ts';
import { cosigned } from './cosigning.ts';
import { speaking } from './mouth.ts';

export const forgedVotes: Liar = {
  name: 'forged-votes',
  losesData: false,
  wrap: (ports, setting) =>
    speaking(ports, {
      answers: {
        append: async (question) => {
          const vote = cosigned(ports, setting, question.asked.append);
          if (vote?.result !== 'cosigned') return undefined;
          setting.did('forges a vote');
          const line = forged(setting, parseSignature(vote.cosignature));
          return question.say({ ...vote, cosignature: formatSignature(line).trimEnd() });
        },
      },
    }),
};

function forged(setting: LiarSetting, line: NoteSignature): NoteSignature {
  if (sometimes(setting, 2)) return { ...line, signature: setting.random.bytes(line.signature.length) };
  const { hosters } = setting.charter();
  const victim = hosters.find(({ id }) => !line.name.includes(`/${id}/`))?.id ?? '';
  return { ...line, name: line.name.replace(/\/[^/]+\//, `/${victim}/`) };
}

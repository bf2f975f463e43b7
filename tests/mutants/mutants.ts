// Sabotages of the protocol, one line each: what a rule says is taken back, and the world's judges must notice. One that
// they do not notice is a judge or an attack that is missing. `npm run mutants` tries them all.

export interface Mutant {
  /** Kebab-case. */
  readonly name: string;
  /** What no longer holds. */
  readonly breaks: string;
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  readonly dies: 'world';
}

const ledger = 'packages/ledger/src';
const daemon = 'packages/daemon/src';

export const mutants: readonly Mutant[] = [
  {
    name: 'quorum-of-five',
    breaks: 'Two quorums of nine share an honest hoster though two lie.',
    file: 'packages/core/src/charter.ts',
    find: 'return Math.floor((votingHosters(charter).length + charter.f) / 2) + 1;',
    replace: 'return Math.floor((votingHosters(charter).length + charter.f) / 2);',
    dies: 'world',
  },
  {
    name: 'sign-before-store',
    breaks: 'What a hoster has signed is on its disk.',
    file: `${ledger}/mirror.ts`,
    find: '    await this.logs.commit(after, operations);',
    replace: '    await this.logs.commit(after, operations, { sync: false });',
    dies: 'world',
  },
  {
    name: 'no-own-size-check',
    breaks: 'A voter signs one tree of each size.',
    file: `${ledger}/mirror.ts`,
    find: '      await checkSameHead(this.#ground, state, append.checkpoint);',
    replace: `      const votedSeconds = Math.floor(this.#ground.clock.now() / 1_000);
      const { checkpoint } = append;
      const other = { ...state, checkpoint, admittedSize: state.size, votedSeconds };
      const logs = { state: () => other } as unknown as LogStore;
      if (other.size > 0) return vote({ ...this.#ground, logs }, state.origin);`,
    dies: 'world',
  },
  {
    name: 'no-fence',
    breaks: 'A voting key is gone once its epoch is over.',
    file: `${daemon}/voting.ts`,
    find: 'if (epoch < charter.epoch) await keys.destroy(epoch, { votes: true });',
    replace: 'if (epoch > charter.epoch + 1_000) await keys.destroy(epoch, { votes: true });',
    dies: 'world',
  },
  {
    name: 'votes-of-two-epochs',
    breaks: 'A certificate is q cosignatures by keys of one epoch.',
    file: `${ledger}/checkpoint.ts`,
    find: '    const votes = new Map<string, number>();',
    replace: `    const votes: Map<string, number> = Reflect.get(named, 'votes') ?? new Map<string, number>();
    Reflect.set(named, 'votes', votes);`,
    dies: 'world',
  },
  {
    name: 'only-certified-heads',
    breaks: 'Who enters the voting set takes over what was voted for, certified or not.',
    file: `${ledger}/readiness.ts`,
    find: '    if (of.forked.has(head.origin)) continue;',
    replace: '    if (of.forked.has(head.origin) || head.certificate === null) continue;',
    dies: 'world',
  },
  {
    name: 'unready-voter-answers',
    breaks: 'Who has just entered neither votes nor answers before it knows what the others hold.',
    file: `${ledger}/voting-seat.ts`,
    find: "  if (standing === 'unready')",
    replace: "  if (standing === 'unready' && right.epoch === 0)",
    dies: 'world',
  },
  {
    name: 'longest-head-on-a-fork',
    breaks: 'A reader of a forked log counts all its branches.',
    file: `${ledger}/reader.ts`,
    find: '  if (forked) await followFork(options, origin, placed);',
    replace: '  if (forked) await followFork(options, origin, placed.slice(0, 1));',
    dies: 'world',
  },
  {
    name: 'report-before-seal',
    breaks: 'What a hoster reports of a sealed log stays as it is.',
    file: `${ledger}/mirror.ts`,
    find: '    this.seat.demand();\n    await this.#sealed.mustBeOpen(append);',
    replace: '    this.seat.demand();',
    dies: 'world',
  },
  {
    name: 'seal-not-synced',
    breaks: 'A seal that was reported survives a power cut.',
    file: `${ledger}/mirror.ts`,
    find: '=> this.logs.write(rows),',
    replace: '=> this.logs.store.batch(rows, { sync: false }),',
    dies: 'world',
  },
  {
    name: 'no-start-up-read',
    breaks: 'A hoster whose disk is an old one learns what it voted for before it votes.',
    file: `${daemon}/ledger-tasks.ts`,
    find: '    const enough = quorumOf(charters.current) - 1;',
    replace: `    const enough = quorumOf(charters.current) - 1;
    mirror.startVoting();
    log('info', 'voting', { heard: 0, logs: 0 });
    if (enough > 0) return true;`,
    dies: 'world',
  },
  {
    name: 'release-without-claims',
    breaks: 'Each claim on a segment is released by itself before it is purged.',
    file: `${ledger}/admit-erasing.ts`,
    find: 'facts.releases.filter((one) => sameName(one.of, claim))',
    replace: 'facts.releases.filter((one) => sameName(one.of, claim) || true)',
    dies: 'world',
  },
  {
    name: 'purge-of-held-claims',
    breaks: 'Nothing that somebody holds is purged.',
    file: `${ledger}/admit-erasing.ts`,
    find: '  if (since + view.graceMs <= view.now) return;',
    replace: '  if (since + view.graceMs <= view.now || standing.length === 0) return;',
    dies: 'world',
  },
  {
    name: 'keep-after-purge',
    breaks: 'What is purged cannot be held again.',
    file: `${ledger}/admission-view.ts`,
    find: '  if (purge === undefined) return;',
    replace: '  if (purge === undefined || segment.length === 32) return;',
    dies: 'world',
  },
  {
    name: 'void-lifts-purge',
    breaks: 'A void cancels an effect, never a promise that was made by cosigning.',
    file: `${ledger}/admission-view.ts`,
    find: '  const [purge] = facts.purges;',
    replace: '  const [purge] = facts.purges.filter(({ voided }) => !voided);',
    dies: 'world',
  },
  {
    name: 'trim-relies-on-trimmed-keeper',
    breaks: 'A copy is given up only for one that stays.',
    file: `${ledger}/admit-erasing.ts`,
    find: '    trims: standing(facts.trims),',
    replace: '    trims: [],',
    dies: 'world',
  },
  {
    name: 'sweep-without-generation',
    breaks: 'A receipt from before its daemon swept is worth nothing.',
    file: `${ledger}/admit-place.ts`,
    find: '    if (holder[2] < latest) {',
    replace: '    if (holder[2] < latest - 1_000) {',
    dies: 'world',
  },
  {
    name: 'receipt-not-bound-to-segment',
    breaks: 'A receipt names the segment it was given for.',
    file: `${ledger}/segment.ts`,
    find: '      claim.charterName,\n      claim.segment,',
    replace: '      claim.charterName,\n      new Uint8Array(32),',
    dies: 'world',
  },
  {
    name: 'receipt-not-checked',
    breaks: 'A certified place carries receipts for what it says.',
    file: `${ledger}/admit-place.ts`,
    find: '    if (!crypto.ed25519Verify(check.signature, check.message, check.publicKey)) {',
    replace: '    if (check.signature.length !== 64) {',
    dies: 'world',
  },
  {
    name: 'expired-declaration',
    breaks: 'Nothing new is placed on a hoster whose declaration expired.',
    file: 'packages/placement/src/declaration.ts',
    find: '  if (!(now < said.validUntil)) {',
    replace: '  if (!(0 < said.validUntil)) {',
    dies: 'world',
  },
  {
    name: 'domain-rule-for-sites-only',
    breaks: 'No hoster holds more of a segment than may be lost with it, however many sites it has.',
    file: 'packages/placement/src/domain-rule.ts',
    find: '  for (const domain of domainKinds) {',
    replace: "  for (const domain of domainKinds.filter((one) => one === 'site')) {",
    dies: 'world',
  },
  {
    name: 'too-few-receipts',
    breaks: 'A certified place survives what its policy promises.',
    file: `${ledger}/admit-place.ts`,
    find: '  if (survives < policy.minSurvives) {',
    replace: '  if (survives < 0) {',
    dies: 'world',
  },
  {
    name: 'two-lines-of-one-hoster',
    breaks: 'A hoster counts once in a certificate.',
    file: `${ledger}/checkpoint.ts`,
    find: 'votes.set(vote.hoster, vote.timeSeconds);',
    replace: 'votes.set(`${vote.hoster} ${votes.size}`, vote.timeSeconds);',
    dies: 'world',
  },
  {
    name: 'receipt-before-fsync',
    breaks: 'A fragment with a receipt survives a power cut.',
    file: `${daemon}/fragment-writer.ts`,
    find: "      await health.durable('fsync of the fragment', () => file.sync());",
    replace: '',
    dies: 'world',
  },
  {
    name: 'vote-not-synced',
    breaks: 'A hoster remembers its votes over a power cut.',
    file: `${ledger}/vote-journal.ts`,
    find: '      await this.#file.write(bytes);\n      await this.#file.sync();',
    replace: '      await this.#file.write(bytes);',
    dies: 'world',
  },
  {
    name: 'reader-finishes-nothing',
    breaks: 'A reader gets what some voter holds certified before it answers.',
    file: `${ledger}/reader.ts`,
    find: '  else await finish(options, origin, { placed, answers });',
    replace: '  else if (placed.length === 0) await finish(options, origin, { placed, answers });',
    dies: 'world',
  },
  {
    name: 'purge-without-grace',
    breaks: 'What was released can be kept again for a while.',
    file: `${ledger}/admit-erasing.ts`,
    find: '  if (since + view.graceMs <= view.now) return;',
    replace: '  if (since <= view.now) return;',
    dies: 'world',
  },
  {
    name: 'custody-before-fsync',
    breaks: 'Who says that it took a fragment over has it, power cut or not.',
    file: `${daemon}/repair/repair.ts`,
    find: '    await this.#disk.take(wanted.length * placed.fragmentBytes, signal);',
    replace: `    const { receipts: seal, ownLog: book } = this.#ports;
    const early = wanted.map((index) => {
      const [root] = placed.place.fragments[index] as PlacedFragment;
      const of = { segment, index, root, bytes: placed.fragmentBytes };
      const { claim: place, certifiedSize } = placed;
      return { kind: 'custody' as const, ...of, ...seal.sign(of), place, size: certifiedSize as number };
    });
    await book.append(early);`,
    dies: 'world',
  },
  {
    name: 'new-homes-anywhere',
    breaks: 'A new home is where it leaves the best margin that the sites allow.',
    file: 'packages/placement/src/healing.ts',
    find: `  const loads = loadsOf(keepers);
  if (missing.length === 0 && loads.survives(view.k) >= view.m && loads.crowding === loads.fragments)
    return [];`,
    replace: `  const loads = loadsOf([]);
  if (missing.length === 0) return [];`,
    dies: 'world',
  },
  {
    name: 'read-only-ignored',
    breaks: 'Who was away for too long takes nothing before a person has looked.',
    file: `${daemon}/own-standing.ts`,
    find: `    const { readOnly, draining } = this.#record;
    if (readOnly !== null) return readOnlyFault(readOnly.reason);`,
    replace: '    const { draining } = this.#record;',
    dies: 'world',
  },
  {
    name: 'trim-before-certification',
    breaks: 'A copy leaves the disk once it is certified that it may.',
    file: `${daemon}/erase/trimmer.ts`,
    find: `    try {
      await this.#erasing.certify(sound.map(`,
    replace: `    try {
      await this.#erasing.erase('trimmed', sound, { signal });
      await this.#erasing.certify(sound.map(`,
    dies: 'world',
  },
  {
    name: 'audit-always-passes',
    breaks: 'Who has dropped leaves is found out by whoever asks for them.',
    file: `${daemon}/watch/leaf-challenge.ts`,
    find: '    if (proves(of, answer)) return',
    replace: '    if (proves(of, answer) || answer.leaves > 0) return',
    dies: 'world',
  },
];

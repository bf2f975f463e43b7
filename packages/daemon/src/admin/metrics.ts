// Which metrics a daemon has, by name, with what each says. Base units; labels are hosters, sites and agencies, which the
// charter bounds, and never peers, segments or files.

import type { CareMetrics, MetricFacts } from './admin-ports.ts';
import type { Family } from './exposition.ts';

/** Margins from here on are one label: they need nobody's attention. */
const MARGIN_MAX = 8;

type Labels = { readonly [name: string]: string };

export function metricFamilies(facts: MetricFacts): readonly Family[] {
  const { hoster, site } = facts;
  const family =
    (type: Family['type']) =>
    (name: string, help: string, ...samples: readonly (readonly [number, Labels?])[]): Family => ({
      name: `vauban_${name}`,
      type,
      help,
      samples: samples.map(([value, labels]) => ({ labels: { hoster, site, ...labels }, value })),
    });
  const gauge = family('gauge');
  const counter = family('counter');
  const flag = (value: boolean): readonly [number] => [value ? 1 : 0];
  const each = (values: { readonly [label: string]: number }, label: string) =>
    Object.entries(values).map(([of, value]) => [value, { [label]: of }] as const);
  return [
    gauge('start_time_seconds', 'When the daemon was started, since 1970.', [facts.startedAt / 1_000]),
    gauge('clock_seconds', 'What time the daemon thinks it is, since 1970.', [facts.now / 1_000]),
    gauge('fragments', 'Fragments held.', [facts.fragments]),
    gauge('missing_fragments', 'Fragments found gone, whose loss is not yet certified.', [
      facts.missingFragments,
    ]),
    gauge('stray_files', 'Files among the fragments that are no whole fragment.', [facts.strayFiles]),
    gauge('held_bytes', 'Fragment bytes held, by agency.', ...each(facts.bytesByAgency, 'agency')),
    gauge('capacity_bytes', 'Fragment bytes the daemon takes at most.', [facts.capacityBytes]),
    gauge('free_bytes', 'Fragment bytes the daemon would still take.', [facts.freeBytes]),
    gauge('disk_free_bytes', 'Free space on the disk of the data directory.', [facts.diskFreeBytes]),
    gauge('disk_size_bytes', 'Size of the disk of the data directory.', [facts.diskSizeBytes]),
    gauge('disk_failed', '1 after a write could not be made durable: the daemon only reads.', [
      ...flag(facts.diskFailed),
    ]),
    gauge('ledger_logs', 'Logs of the ledger held here.', [facts.logs]),
    gauge('ledger_entries', 'Entries of all logs held here.', [facts.entries]),
    gauge('ledger_uncertified_entries', 'Entries that no quorum has cosigned as far as known here.', [
      facts.uncertified,
    ]),
    gauge('ledger_quarantined_logs', 'Logs whose stored bytes are not relied on.', [facts.quarantinedLogs]),
    gauge('ledger_caught_up', '1 when what the other hosters hold has been read.', flag(facts.caughtUp)),
    gauge('voter_silent', '1 when the daemon has its hoster’s vote and does not cast it.', [
      ...flag(facts.voterSilent),
    ]),
    gauge('alerts', 'What wants a human, by code.', ...each(facts.alertsByCode, 'code')),
    gauge('charter_version', 'Version of the charter in force here.', [facts.charterVersion]),
    gauge('charter_expires_seconds', 'When that charter ends, since 1970.', [facts.charterExpires / 1_000]),
    counter('refused_messages_total', 'Messages of peers that were refused.', [facts.refusedMessages]),
    counter('network_sent_bytes_total', 'Bytes sent to peers.', [facts.sentBytes]),
    counter('network_received_bytes_total', 'Bytes received from peers.', [facts.receivedBytes]),
    gauge(
      'peers',
      'Daemons of other sites and of this one, by site and by whether they answer.',
      ...facts.peers.flatMap((of) =>
        (['up', 'silent', 'lost'] as const).map(
          (state) => [of[state], { peer_hoster: of.hoster, peer_site: of.site, state }] as const,
        ),
      ),
    ),
    gauge('read_only', '1 when the daemon serves but takes no fragment until a human lifts it.', [
      ...flag(facts.readOnly),
    ]),
    gauge('draining', '1 while the daemon hands its fragments over to leave.', flag(facts.draining)),
    gauge('drain_remaining_bytes', 'Fragment bytes still to be handed over; 0 when it is not leaving.', [
      facts.draining ? facts.drainBytesLeft : 0,
    ]),
    ...(facts.care === undefined ? [] : careFamilies(facts.care, { gauge, counter })),
  ];
}

type Make = (name: string, help: string, ...samples: readonly (readonly [number, Labels?])[]) => Family;

function careFamilies(care: CareMetrics, { gauge, counter }: { gauge: Make; counter: Make }): Family[] {
  const { audits, scrub } = care;
  const byMargin = new Map<string, number>();
  for (const [margin, segments] of Object.entries(care.segmentsByMargin)) {
    const label = Number(margin) >= MARGIN_MAX ? `${MARGIN_MAX}+` : margin;
    byMargin.set(label, (byMargin.get(label) ?? 0) + segments);
  }
  const bySite = Object.entries(care.repairBytesBySite).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    gauge(
      'segments_to_repair',
      'Segments this daemon is first in line to repair, by how many more fragments they may lose.',
      ...[...byMargin].map(([margin, segments]) => [segments, { margin }] as const),
    ),
    gauge('repair_remaining_bytes', 'Fragment bytes that repair still has to bring here.', [
      care.repairBytesLeft,
    ]),
    gauge('repair_paused', '1 while an operator holds repair back.', [care.repairPaused ? 1 : 0]),
    counter('repaired_fragments_total', 'Fragments rebuilt here.', [care.repairedFragments]),
    counter(
      'repair_received_bytes_total',
      'Bytes read for repair, by the site they came from.',
      ...bySite.map(([from, bytes]) => [bytes, { peer_site: from }] as const),
    ),
    ...(audits === undefined
      ? []
      : [
          counter(
            'audits_total',
            'Challenges of other daemons, by their result.',
            [audits.passed, { result: 'passed' }],
            [audits.failed, { result: 'failed' }],
            [audits.unanswered, { result: 'unanswered' }],
          ),
          counter('audit_received_bytes_total', 'Bytes that challenges of other daemons cost.', [
            audits.bytes,
          ]),
          gauge('audit_covered_fragments', 'Fragments of others challenged in this period.', [
            audits.coveredFragments,
          ]),
          gauge('audit_assigned_fragments', 'Fragments of others to be challenged in this period.', [
            audits.totalFragments,
          ]),
        ]),
    ...(scrub === undefined
      ? []
      : [
          counter('scrub_read_bytes_total', 'Fragment bytes re-read to find rot.', [scrub.readBytes]),
          gauge('scrub_progress_ratio', 'Part of this round of re-reading that is done.', [scrub.progress]),
          counter('scrub_damaged_fragments_total', 'Fragments that re-reading found damaged.', [
            scrub.damagedFragments,
          ]),
        ]),
  ];
}

// Why a voter refuses, in three classes that decide what the writer does next (SPEC: admission). A code that is in no
// list here is `never`.

import type { Fault } from '@vauban/core';

/** `never`: a function of the bytes. `later`: load or missing evidence. `policy`: depends on the voter's view. */
export type RefusalClass = 'never' | 'later' | 'policy';

const laterCodes = new Set([
  'CHARTER_AHEAD',
  'EVIDENCE_MISSING',
  'BUDGET_SPENT',
  'LEDGER_HEALING',
  'PAYLOAD_WITHHELD',
  'EPOCH_OPENING',
  'VOTER_STARTING',
  'DISK_FULL',
]);
const policyCodes = new Set([
  'CLOCK_AHEAD',
  'ADOPTED_ALREADY',
  'AUDIT_OWN',
  'AGENCY_SUSPENDED',
  'AGENCY_UNKNOWN',
  'CLAIM_MISSING',
  'CUSTODY_CROWDED',
  'DECLARATION_EXPIRED',
  'DECLARATION_REFUSED',
  'DELEGATION_EXPIRED',
  'DOMAIN_RULE',
  'GENERATION_OLD',
  'MARGIN_SHORT',
  'POLICY_OTHER',
  'RETENTION_SHORTENED',
  'UNKNOWN_HOLDER',
  'CHARTER_EXPIRED',
  'WRITER_UNKNOWN',
  'CLAIM_HELD',
  'COPY_RELIED_ON',
  'GRACE_RUNNING',
  'HOLDER_GONE',
  'PAYLOAD_HELD',
  'READMIT_OTHER',
  'RETENTION_BACKDATED',
  'RETENTION_RUNNING',
  'SEGMENT_PURGED',
  'SITE_OTHER',
  'SITE_UNKNOWN',
]);

export function refusalClassOf(fault: Fault): RefusalClass {
  if (laterCodes.has(fault.code)) return 'later';
  return policyCodes.has(fault.code) ? 'policy' : 'never';
}

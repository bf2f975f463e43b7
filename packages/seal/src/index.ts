// The only door of the package: what a client needs to seal, open, recover and wrap. Importing deeper is an error.

export {
  type AgencyKeys,
  agencyKeys,
  AGENCY_SECRET_BYTES,
  CONTENT_ID_BYTES,
  DATA_KEY_BYTES,
  newAgencySecret,
  newContentId,
  newDataKey,
  recordKey,
  replacedRootKeys,
  segmentKey,
  vaultIdOf,
  vaultSecret,
} from './keys.ts';
export { type RecoveryLanguage, secretOfWords, wordsOf } from './recovery.ts';
export {
  FRAME_PLAIN_BYTES,
  FRAME_TAG_BYTES,
  type FrameSpan,
  framesFor,
  openFrameRange,
  openFrames,
  plainBytes,
  sealedBytes,
  sealFrame,
  sealFrames,
  tagsDigest,
} from './frames.ts';
export { openRecord, RECORD_PLAIN_BYTES_MAX, RECORD_SEALED_BYTES_MAX, sealRecord } from './record.ts';
export { KEY_FILE_BYTES_MAX, openKeyFile, sealKeyFile } from './key-file.ts';
export { argon2idKdf, type KdfName, type KdfParams, type PassphraseKdf, scryptKdf } from './passphrase.ts';
export {
  type ContentPlace,
  decodeObjectsIndex,
  decodeObjectsRecord,
  encodeObjectsIndex,
  encodeObjectsRecord,
  type IndexPointer,
  OBJECTS_INDEX_BYTES_MAX,
  OBJECTS_INDEX_CHANGES_MAX,
  type ObjectChange,
  type ObjectDelete,
  type ObjectsRecord,
  type ObjectWrite,
  type SealedContent,
} from './objects-record.ts';
export { validateVaultPath, VAULT_PATH_BYTES_MAX, VAULT_PATH_COMPONENT_BYTES_MAX } from './vault-path.ts';

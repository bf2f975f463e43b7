// Every number that bounds something, with the reason it has that value. Protocol constants that peers must agree on
// are marked "format"; the others may differ between two correct programs.

/** Format. A leaf: four disk pages and the smallest read that a proof vouches for. */
export const LEAF_BYTES = 16_384;
/** Format. One AEAD unit of ciphertext: three leaves, so that nine frames fill one 6+3 cell exactly. */
export const FRAME_BYTES = 49_152;
/** Format. Default rs cell: three frames, so that a frame of a full cell lies on one daemon. */
export const CELL_BYTES = 147_456;
/** Format. Default segment: 324 frames = 18 rs stripes of 6+3 = 6 clay stripes of 6+3; 15.2 MiB fit in memory several times. */
export const SEGMENT_FRAMES = 324;
/** Format. A policy may not ask for larger segments: four times the default is where a client's memory ends. */
export const SEGMENT_FRAMES_MAX = 1_296;
/** Objects up to this size share packs: below it a segment of its own would cost more in receipts than in bytes. */
export const PACK_OBJECT_BYTES = 1_048_576;

/** Format. GF(2^8) has 256 elements, and a Cauchy matrix needs k + m distinct ones besides zero. */
export const SHARDS_MAX = 255;

/** Format. A ledger entry is a Merkle leaf of a few fields; anything longer is an attack. */
export const ENTRY_BYTES_MAX = 300;
/** Format. A place of 255 fragments with receipts is about 40 KiB, a sealed record at most 48 KiB + overhead. */
export const PAYLOAD_BYTES_MAX = 65_536;
/** Entries in one append: enough for a 14 GiB file at once, small enough to check in one go (its bytes bound it too). */
export const APPEND_ENTRIES_MAX = 1_000;
/** One append's bytes: it has to fit a message, and a voter holds several at once. */
export const APPEND_BYTES_MAX = 1_048_576;
/** A small message on the wire: an append with its framing. Bulk bytes travel on streams of their own. */
export const MESSAGE_BYTES_MAX = 4_194_304;
/** A bulk stream's header: a segment with 255 roots, or as many runs as may be asked for. */
export const BULK_HEADER_BYTES_MAX = 32_768;
/** Runs of one read: every other leaf of the longest fragment is 1,944. */
export const BULK_RUNS_MAX = 2_048;
/** Format. tlog-checkpoint notes with up to 16 known signatures of about 180 bytes (C2SP signed-note). */
export const NOTE_BYTES_MAX = 8_192;
/** A charter of 100 hosters, 1,000 daemons and 1,000 agencies. */
export const CHARTER_BYTES_MAX = 1_048_576;

/** Devices of one agency: more is a fleet-management mistake or an attack on the voters' memory. */
export const AGENCY_DEVICES_MAX = 256;
/** Ledger bytes an agency may add per day and voter: a petabyte in 15 MiB segments is 100 GB of ledger, in 400 days. */
export const AGENCY_LEDGER_BYTES_PER_DAY = 268_435_456;
/** Signature checks an agency may cause per day and voter: 20 minutes of one core. */
export const AGENCY_SIGNATURE_CHECKS_PER_DAY = 10_000_000;
/** What the daemons of one hoster, or one operator, may add a day and voter: the custody of half a million fragments. */
export const MEMBER_LEDGER_BYTES_PER_DAY = 1_073_741_824;
/** Voids (and what they void) that are accepted per device and day after the budget is used up. */
export const DEVICE_VOIDS_PER_DAY = 64;

/** 5 % of a disk is kept free: the index and the mirror must go on writing when fragments no longer may. */
export const DISK_RESERVE_FRACTION = 0.05;

/** Requests that one peer may have in flight; more wait in the stream, so a peer only slows itself. */
export const PEER_REQUESTS_MAX = 64;
/** Bulk streams one peer may have open: 9 readers and writers of several segments. */
export const PEER_BULK_STREAMS_MAX = 64;
/** No bulk stream may stay silent for longer; a stopped peer must not hold memory. */
export const BULK_IDLE_MS = 15_000;
/** Small requests: a quorum answers in milliseconds, a loaded spinning disk in seconds. */
export const REQUEST_DEADLINE_MS = 10_000;

/** A charter nobody renewed for so long no longer lets stale clients write (ledger design: the charter expires). */
export const CHARTER_VALIDITY_MS = 90 * 86_400_000;
/** Clocks of honest members differ by minutes at most; entries from further ahead are refused. */
export const CLOCK_SKEW_MS = 900_000;
/** A maintenance holds repair back; one announced for longer, or for ever by mistake, counts for so long from its entry. */
export const MAINTENANCE_MS_MAX = 7 * 86_400_000;
/** A voter that holds an uncertified head for this long finishes it itself. */
export const FINISH_AFTER_MS = 10_000;
/**
 * How far a place's date may lie back and still count for its retention: a week without a quorum costs no upload. Less
 * than the grace period, so that dating back never brings erasing forward.
 */
export const BACKDATING_MS = 7 * 86_400_000;
/** Segments that the claims of one release may stand for: a voter reads each of them, a millisecond apiece. */
export const RELEASE_SEGMENTS_MAX = 2_000;

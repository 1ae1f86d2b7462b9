// The evidence bundle: an entry, or one device event under an entry, with all that verifies it offline.
//
//   {"format": "holdfast-evidence@1",
//    "key": "<the log's verifier key, C2SP signed-note>",
//    "entry": "<the entry, canonical JSON: the bytes of the leaf>",
//    "proof": "<C2SP tlog-proof: index, hashes, signed checkpoint>",
//    "event": {"line": "<the event, canonical JSON>", "position": N, "path": ["<hash, base64>", ...]}}   only for an
//    event
//
// The event's path (RFC 6962 section 2.1.1) leads to the segment root that the entry carries, the proof's from the
// entry to the root of the checkpoint. The key is there for convenience: who does not pin it learns only that the
// bundle is whole, not whose it is.
#pragma once

#include <optional>
#include <string>

#include "base/json.h"
#include "ledger/log.h"

namespace hf::ledger {

// For the entry, or for the event at `event` of its segment. HF-LEDGER-0010 no such entry, HF-LEDGER-0009 not published
// yet, HF-LEDGER-0013 the entry has no such event, HF-LEDGER-0011 the stored segment is damaged.
[[nodiscard]] Result<JsonObject> evidence_bundle(Log& log, EntryId entry,
                                                 std::optional<std::uint64_t> event = std::nullopt);
// The text of a bundle, as files and HTTP carry it.
[[nodiscard]] std::string bundle_text(const JsonObject& bundle);

struct VerifiedEvent {
  JsonObject event;
  std::string line;
  std::uint64_t position, events;  // of the segment
};

struct VerifiedBundle {
  JsonObject entry;
  std::string entry_text;
  std::uint64_t index{};
  Checkpoint checkpoint;
  VerifierKey key;
  bool pinned = false;  // the caller knew the key; otherwise it is the bundle's own word
  std::optional<VerifiedEvent> event;
};

// HF-BUNDLE-0001 not a bundle, HF-BUNDLE-0002 another key than the pinned one, HF-BUNDLE-0003 the event is not in the
// segment of the entry; HF-NOTE-*, HF-CHECKPOINT-*, HF-PROOF-* and HF-LEDGER-0003 for the proof and its checkpoint.
[[nodiscard]] Result<VerifiedBundle> verify_bundle(const JsonObject& bundle, const std::optional<VerifierKey>& pinned);
// As above, and HF-BUNDLE-0001 for any text that no writer of bundles makes: a repeated key, other white space, an
// escape that is not needed. So no byte of a file can differ unseen.
[[nodiscard]] Result<VerifiedBundle> verify_bundle_text(std::string_view text,
                                                        const std::optional<VerifierKey>& pinned);

}  // namespace hf::ledger

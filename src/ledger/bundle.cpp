#include "ledger/bundle.h"

#include "ledger/segment.h"
#include "ledger/tlog_proof.h"

namespace hf::ledger {
namespace {

constexpr std::string_view kFormat = "holdfast-evidence@1";
constexpr std::size_t kPathMax = 63;  // levels of the largest tree
constexpr JsonLimits kEntryLimits{.bytes_max = 1U << 26, .depth_max = 64};
constexpr JsonLimits kBundleLimits{.bytes_max = 1U << 27, .depth_max = 8};

auto malformed(std::string why) {
  return fail(ErrorKind::invalid, "HF-BUNDLE-0001", "not an evidence bundle: " + std::move(why));
}
auto not_in_segment(std::string why) {
  return fail(ErrorKind::invalid, "HF-BUNDLE-0003", "the event is not proven: " + std::move(why));
}

std::optional<std::string_view> text_member(const JsonObject& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  if (!member || !member->is_string()) return std::nullopt;
  return std::string_view(member->get_string());
}

// A number that is a position or a count: JSON readers differ above 2^53.
std::optional<std::uint64_t> count_member(const JsonObject& object, std::string_view name) {
  const auto* member = object.if_contains(name);
  if (!member || !member->is_int64() || member->get_int64() < 0) return std::nullopt;
  return std::uint64_t(member->get_int64());
}

Result<JsonObject> canonical_object(std::string_view text, std::string_view what) {
  const auto json = parse_json(text, kEntryLimits);
  if (!json || !json->is_object() || canonical_json(*json).value_or("") != text)
    return malformed("the " + std::string(what) + " is not canonical JSON (RFC 8785)");
  return json->get_object();
}

// What the entry says of its segment: {"segment": TEXT, "events": N, "root": HEX} in its data, or as its rows.
struct SegmentClaim {
  std::string segment;
  std::uint64_t events;
  Hash root;
};
std::optional<SegmentClaim> segment_claim(const JsonObject& entry) {
  const auto* data = entry.if_contains("data");
  if (!data || !data->is_object() || !data->get_object().contains("segment")) data = entry.if_contains("rows");
  if (!data || !data->is_object()) return std::nullopt;
  const auto segment = text_member(data->get_object(), "segment"), root = text_member(data->get_object(), "root");
  const auto events = count_member(data->get_object(), "events");
  const auto bytes = root ? from_hex(*root) : std::nullopt;
  if (!segment || !events || !bytes || bytes->size() != 32) return std::nullopt;
  return SegmentClaim{std::string(*segment), *events, hash_of(*bytes)};
}

Result<JsonObject> event_member(Log& log, const JsonObject& entry, std::uint64_t position) {
  const auto none = [] {
    return fail(ErrorKind::not_found, "HF-LEDGER-0013", "the entry has no event at this position");
  };
  const auto claim = segment_claim(entry);
  if (!claim || position >= claim->events) return none();
  const auto id = parse_tree_number(claim->segment);
  if (!id) return none();
  HF_TRY(const auto segment,
         log.database().read([&](const db::Reader& reader) { return Store(reader).segment(std::int64_t(*id)); }));
  if (!segment) return none();
  HF_TRY(const auto lines, segment_events(segment->data));
  if (position >= lines.size()) return none();
  std::vector<Hash> leaves;
  leaves.reserve(lines.size());
  for (const auto& line : lines) leaves.push_back(leaf_hash(bytes_of(line)));
  HF_TRY(const auto hashes, inclusion_proof(leaves, position));
  JsonArray path;
  for (const auto& hash : hashes) path.emplace_back(to_base64(hash));
  return JsonObject{{"line", lines[position]}, {"position", std::int64_t(position)}, {"path", std::move(path)}};
}

Result<VerifiedEvent> verify_event(const JsonObject& member, const JsonObject& entry) {
  const auto line = text_member(member, "line");
  const auto position = count_member(member, "position");
  const auto* path = member.if_contains("path");
  if (member.size() != 3 || !line || !position || !path || !path->is_array() || path->get_array().size() > kPathMax)
    return malformed("event must be {\"line\": TEXT, \"position\": N, \"path\": [BASE64...]}");
  std::vector<Hash> hashes;
  for (const auto& item : path->get_array()) {
    const auto bytes = item.is_string() ? from_base64(std::string_view(item.get_string())) : std::nullopt;
    if (!bytes || bytes->size() != 32) return malformed("a hash of the event's path is not base64 of 32 bytes");
    hashes.push_back(hash_of(*bytes));
  }
  const auto claim = segment_claim(entry);
  if (!claim) return not_in_segment("the entry carries no segment");
  if (!verify_inclusion(leaf_hash(bytes_of(*line)), *position, claim->events, hashes, claim->root))
    return not_in_segment("its path does not lead to the segment root that the entry carries");
  HF_TRY(auto event, canonical_object(*line, "event"));
  return VerifiedEvent{std::move(event), std::string(*line), *position, claim->events};
}

}  // namespace

Result<JsonObject> evidence_bundle(Log& log, EntryId id, std::optional<std::uint64_t> event) {
  HF_TRY(const auto proof, log.prove(id));
  HF_TRY(const auto entry, log.database().read([&](const db::Reader& reader) { return Store(reader).entry(id); }));
  if (!entry) return fail(ErrorKind::not_found, "HF-LEDGER-0010", "the ledger has no entry with this id");
  HF_TRY(const auto key, log.verifier_key());
  HF_TRY(const auto proof_text, format_tlog_proof(proof));
  JsonObject bundle{{"format", kFormat}, {"key", key.to_text()}, {"entry", entry->body}, {"proof", proof_text}};
  if (event) {
    HF_TRY(const auto body, canonical_object(entry->body, "entry"));
    HF_TRY(bundle["event"], event_member(log, body, *event));
  }
  return bundle;
}

std::string bundle_text(const JsonObject& bundle) { return to_pretty_text(bundle) + "\n"; }

Result<VerifiedBundle> verify_bundle(const JsonObject& bundle, const std::optional<VerifierKey>& pinned) {
  const auto format = text_member(bundle, "format"), key_text = text_member(bundle, "key"),
             entry_text = text_member(bundle, "entry"), proof_text = text_member(bundle, "proof");
  const auto* event = bundle.if_contains("event");
  if (!format || *format != kFormat) return malformed("its format is not " + std::string(kFormat));
  if (!key_text || !entry_text || !proof_text || (event && !event->is_object()) || bundle.size() != (event ? 5U : 4U))
    return malformed("it must have the members format, key, entry, proof and, for an event, event");

  auto key = VerifierKey::parse(*key_text);
  if (!key) return malformed("key: " + key.error().message);
  if (pinned && pinned->to_text() != *key_text)
    return fail(ErrorKind::invalid, "HF-BUNDLE-0002",
                "the bundle is of " + key->name + ", not of the key that you trust, " + pinned->name,
                "bundle " + std::string(*key_text) + ", pinned " + pinned->to_text());
  HF_TRY(const auto proof, parse_tlog_proof(*proof_text));
  if (!proof.extra.empty()) return malformed("its proof has extra data, which nothing signs");
  HF_TRY(auto checkpoint, verify_tlog_proof(proof, leaf_hash(bytes_of(*entry_text)), {&*key, 1}));
  // Signatures of keys that we do not know say nothing, and nothing would notice a change in them.
  HF_TRY(const auto note, parse_note(proof.checkpoint));
  if (note.signatures.size() != 1) return malformed("its checkpoint has signatures of other keys");
  HF_TRY(auto entry, canonical_object(*entry_text, "entry"));

  VerifiedBundle verified{std::move(entry), std::string(*entry_text), proof.index, std::move(checkpoint),
                          *std::move(key),  pinned.has_value(),       std::nullopt};
  if (event) {
    HF_TRY(verified.event, verify_event(event->get_object(), verified.entry));
  }
  return verified;
}

Result<VerifiedBundle> verify_bundle_text(std::string_view text, const std::optional<VerifierKey>& pinned) {
  const auto json = parse_json(text, kBundleLimits);
  if (!json) return malformed(json.error().message);
  if (!json->is_object()) return malformed("it is not a JSON object");
  HF_TRY(auto verified, verify_bundle(json->get_object(), pinned));
  if (bundle_text(json->get_object()) != text && to_text(*json) != text)
    return malformed("its text is not as it was written");
  return verified;
}

}  // namespace hf::ledger

#include "vuln/match/assess.h"

#include <algorithm>
#include <map>

namespace hf::vuln {
namespace {

// The value whose name is `text`. Enumerators are dense and end where name_of has no word.
template <class E>
std::optional<E> value_of(std::string_view text) {
  constexpr int kValuesMax = 64;
  for (int i = 0; i < kValuesMax; ++i) {
    const auto name = name_of(static_cast<E>(i));
    if (name.empty()) break;
    if (name == text) return static_cast<E>(i);
  }
  return std::nullopt;
}

std::string text_at(const JsonObject& json, std::string_view key) {
  const auto* value = json.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

// Why the state is what it is, in words. The facts follow in brackets.
std::string_view words_of(Why why, Outcome outcome) {
  switch (why) {
    case Why::version:
      return outcome == Outcome::unaffected ? "the record lists this version as unaffected"
                                            : "the record lists this version as affected";
    case Why::change: return "a change within the record's range decides this version";
    case Why::default_status: return "no version entry matches, so the record's default status holds";
    case Why::outside: return "the version is in none of the record's ranges";
    case Why::unreadable: return "the record's versions cannot be read";
    case Why::incomparable: return "the version and the record's bounds cannot be compared";
    case Why::no_version: return "the component states no version";
    case Why::commit_graph: return "the record's bounds are commits, and the commit graph is not known here";
    case Why::platform: return "the record asks for another part of the product as well";
    case Why::underspecified: return "the record is about a variant, and the component does not say which one it is";
    case Why::distribution:
      return "a distribution's package: its revision may carry the fix, and no advisory of the distribution speaks of "
             "it";
    case Why::vex: return "the document's own assessment";
    case Why::patch: return "the document says that a patch fixes it";
  }
  return {};
}

std::string_view words_of(Identity identity) {
  switch (identity) {
    case Identity::candidate: return "only the product's name is alike";
    case Identity::unique_product: return "the component names no vendor, and only one is known for this product";
    case Identity::alias: return "the vendor under another name";
    case Identity::none:
    case Identity::exact: break;
  }
  return {};
}

bool is_own_word(const Reason& reason) { return reason.why == Why::vex || reason.why == Why::patch; }

// A patch claim about this record, under any of its numbers.
const PatchClaim* patch_for(const Advisory& record, const Subject& subject) {
  for (const auto& patch : subject.patched)
    if (patch.vulnerability == record.id ||
        std::find(record.aliases.begin(), record.aliases.end(), patch.vulnerability) != record.aliases.end())
      return &patch;
  return nullptr;
}

bool needs_set(const CpeNode& node) {
  return node.all || node.negate ||
         std::any_of(node.children.begin(), node.children.end(), [](const CpeNode& child) { return needs_set(child); });
}

}  // namespace

JsonObject to_json(const Reason& reason) {
  JsonObject json{{"text", sentence_of(reason)}, {"why", name_of(reason.why)}, {"outcome", name_of(reason.outcome)}};
  const auto put = [&](std::string_view key, const std::string& value) {
    if (!value.empty()) json[key] = value;
  };
  if (!is_own_word(reason)) {
    json["identity"] = name_of(reason.identity);
    json["reading"] = name_of(reason.reading);
    json["scheme"] = name_of(reason.scheme);
  }
  put("claim_kind", reason.claim_kind);
  put("claim", reason.claim);
  put("claim_version", reason.claim_version);
  put("record", reason.record);
  put("feed", reason.feed);
  put("modified", reason.modified);
  put("source", reason.source);
  put("pointer", reason.pointer);
  put("container", reason.container);
  put("range", reason.range);
  put("note", reason.note);
  if (!reason.platforms.empty()) json["platforms"] = JsonArray(reason.platforms.begin(), reason.platforms.end());
  return json;
}

Result<Reason> reason_of(const JsonObject& json) {
  const auto why = value_of<Why>(text_at(json, "why"));
  const auto outcome = value_of<Outcome>(text_at(json, "outcome"));
  if (!why || !outcome) return fail(ErrorKind::invalid, "HF-VULN-0012", "a stored reason cannot be read");
  Reason reason;
  reason.why = *why;
  reason.outcome = *outcome;
  reason.identity = value_of<Identity>(text_at(json, "identity")).value_or(Identity::exact);
  reason.reading = value_of<Reading>(text_at(json, "reading")).value_or(Reading::stated);
  reason.scheme = scheme_of_name(text_at(json, "scheme")).value_or(Scheme::generic);
  reason.claim_kind = text_at(json, "claim_kind");
  reason.claim = text_at(json, "claim");
  reason.claim_version = text_at(json, "claim_version");
  reason.record = text_at(json, "record");
  reason.feed = text_at(json, "feed");
  reason.modified = text_at(json, "modified");
  reason.source = text_at(json, "source");
  reason.pointer = text_at(json, "pointer");
  reason.container = text_at(json, "container");
  reason.range = text_at(json, "range");
  reason.note = text_at(json, "note");
  if (const auto* platforms = json.if_contains("platforms"); platforms != nullptr && platforms->is_array())
    for (const auto& platform : platforms->get_array())
      if (platform.is_string()) reason.platforms.emplace_back(platform.get_string());
  return reason;
}

std::string sentence_of(const Reason& reason) {
  std::string text(words_of(reason.why, reason.outcome));
  if (!reason.note.empty()) text += ": " + reason.note;
  if (is_own_word(reason)) return text;
  if (const auto identity = words_of(reason.identity); !identity.empty()) text += "; " + std::string(identity);
  text += " [" + reason.claim + (reason.claim_version.empty() ? "" : " at version " + reason.claim_version);
  if (!reason.range.empty()) text += "; range " + reason.range + " in order " + std::string(name_of(reason.scheme));
  if (reason.reading == Reading::lenient) text += ", read from prose";
  for (const auto& platform : reason.platforms) text += "; " + platform;
  text += "; " + reason.feed + " " + reason.record + reason.pointer;
  if (!reason.container.empty()) text += " by " + reason.container;
  if (!reason.modified.empty()) text += " of " + reason.modified;
  if (!reason.source.empty()) text += " in " + reason.source;
  return text + "]";
}

Reason reason_of(const Ground& ground, const Subject& subject, const Advisory* record) {
  Reason reason{.outcome = ground.outcome,
                .why = ground.why,
                .identity = ground.identity,
                .reading = ground.reading,
                .scheme = ground.scheme,
                .pointer = ground.pointer,
                .container = ground.container,
                .range = ground.range,
                .note = ground.note,
                .platforms = ground.platforms};
  if (ground.claim != Ground::npos) {
    const auto& claim = subject.claims[ground.claim];
    reason.claim_kind = name_of(claim.kind);
    reason.claim = claim.text;
    reason.claim_version = claim.version;
  }
  if (record != nullptr) {
    reason.record = record->id;
    reason.feed = name_of(record->feed);
    if (record->modified) reason.modified = format_rfc3339(*record->modified);
  }
  return reason;
}

std::vector<Assessment> assess(const Advisory& record, const ComponentSet& set, const ProductDictionary& dictionary) {
  std::map<std::uint32_t, Ground> strongest;
  for (auto& ground : grounds_of(record, 0, set, dictionary)) {
    if (weight_of(ground.outcome, ground.why, ground.identity) == 0) continue;
    const auto [at, fresh] = strongest.try_emplace(ground.component, ground);
    if (!fresh && heavier(ground, at->second)) at->second = std::move(ground);
  }
  std::vector<Assessment> out;
  for (const auto& [component, ground] : strongest) {
    Assessment assessment{component, state_of(ground), reason_of(ground, set.subjects()[component], &record)};
    if (const auto* patch = patch_for(record, set.subjects()[component])) {
      assessment.state = State::fixed;
      assessment.reason = {.outcome = Outcome::unaffected, .why = Why::patch, .note = patch_note(*patch)};
    }
    out.push_back(std::move(assessment));
  }
  return out;
}

std::optional<Assessment> assess(const Advisory& record, const Subject& subject, const ProductDictionary& dictionary) {
  auto out = assess(record, ComponentSet({subject}), dictionary);
  if (out.empty()) return std::nullopt;
  return std::move(out.front());
}

int weight_of(const Reason& reason) { return weight_of(reason.outcome, reason.why, reason.identity); }

bool needs_set(const Advisory& record) {
  return std::any_of(record.configurations.begin(), record.configurations.end(),
                     [](const Configuration& c) { return needs_set(c.root); });
}

}  // namespace hf::vuln

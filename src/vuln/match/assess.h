// What one record says about one component, as a value that stands by itself: it can be stored, sent, and read by
// people years later without the record or the document. The unit of the server's edges (coordinate x record).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "vuln/match/evaluate.h"

namespace hf::vuln {

// Which claim of the component, which range of which record, which evidence, at which feed version.
struct Reason {
  Outcome outcome = Outcome::unknown;
  Why why = Why::version;
  Identity identity = Identity::exact;
  Reading reading = Reading::stated;
  Scheme scheme = Scheme::generic;
  std::string claim_kind{}, claim{}, claim_version{};  // empty where the document's own word decided
  std::string record{}, feed{}, modified{};            // id, "cve5", the record's own date; empty likewise
  std::string source{};                                // where the feed came from, and its date: set by who knows it
  std::string pointer{};                               // RFC 6901, into the record
  std::string container{}, range{}, note{};
  std::vector<std::string> platforms{};

  bool operator==(const Reason&) const = default;
};

// Empty members are left out. `text` is for people and not read back.
[[nodiscard]] JsonObject to_json(const Reason& reason);
[[nodiscard]] Result<Reason> reason_of(const JsonObject& json);  // HF-VULN-0012
[[nodiscard]] std::string sentence_of(const Reason& reason);
// `record`: the one that the ground points into; null for the document's own word.
[[nodiscard]] Reason reason_of(const Ground& ground, const Subject& subject, const Advisory* record);

struct Assessment {
  std::uint32_t component = 0;
  State state = State::unknown;
  Reason reason{};

  bool operator==(const Assessment&) const = default;
};

// The strongest ground per component that shares a key with the record, by component; a patch claim about the record's
// number or an alias beats it. Nothing is said of a component whose product is merely named alike and not covered.
[[nodiscard]] std::vector<Assessment> assess(const Advisory& record, const ComponentSet& set,
                                             const ProductDictionary& dictionary);
[[nodiscard]] std::optional<Assessment> assess(const Advisory& record, const Subject& subject,
                                               const ProductDictionary& dictionary);

// Among assessments of one vulnerability and one component, from several records, the heaviest is the finding's.
[[nodiscard]] int weight_of(const Reason& reason);

// Does what the record says of one component depend on what else is in the release (AND nodes)? Then an assessment of
// a lone coordinate is not the last word: assess the record against the release's components.
[[nodiscard]] bool needs_set(const Advisory& record);

}  // namespace hf::vuln

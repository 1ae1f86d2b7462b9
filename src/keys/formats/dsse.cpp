// An envelope (dsse_envelope.h) of an in-toto Statement v1 (in-toto/attestation, spec/v1/statement.md), with SLSA
// provenance v1 or any other predicate. The statement is the evidence, whole.
#include <set>

#include "keys/formats/all.h"
#include "keys/formats/enveloped.h"
#include "keys/formats/support.h"

namespace hf::keys {
namespace {

using crypto::SignatureScheme;

constexpr std::string_view kPayloadType = "application/vnd.in-toto+json",
                           kStatement = "https://in-toto.io/Statement/v1",
                           kProvenance = "https://slsa.dev/provenance/v1";

const Json* at_path(const Json& json, std::initializer_list<std::string_view> path) {
  const Json* found = &json;
  for (const auto name : path) {
    found = found->is_object() ? found->get_object().if_contains(name) : nullptr;
    if (!found) return nullptr;
  }
  return found;
}
std::optional<std::string> text_at(const Json& json, std::initializer_list<std::string_view> path) {
  const auto* found = at_path(json, path);
  if (!found || !found->is_string() || !is_plain(found->get_string())) return std::nullopt;
  return std::string(found->get_string());
}

Result<View> view_of(ByteView payload) {
  constexpr std::size_t kDepth = 32, kSubjectsMax = 1024;
  HF_TRY(const auto json, parse_json(text_of(payload), {.bytes_max = kEvidenceBytesMax, .depth_max = kDepth}));
  if (text_at(json, {"_type"}) != kStatement) return malformed("it is not an in-toto Statement v1");
  const auto predicate = text_at(json, {"predicateType"});
  const auto* subjects = at_path(json, {"subject"});
  if (!predicate || !subjects || !subjects->is_array() || subjects->get_array().empty())
    return malformed("a Statement has a predicateType and at least one subject");
  if (subjects->get_array().size() > kSubjectsMax) return over_limit("the Statement's subjects");
  View view{.format = "dsse", .kind = "document"};
  std::set<std::string> digests;
  JsonArray shown;
  for (const auto& subject : subjects->get_array()) {
    const auto name = text_at(subject, {"name"});
    const auto digest = text_at(subject, {"digest", "sha256"});
    const auto bytes = digest ? from_hex(*digest) : std::nullopt;
    if (!name || !bytes || bytes->size() != 32) return malformed("a subject without name or SHA-256");
    digests.insert(to_hex(*bytes));
    shown.emplace_back(*name + " sha256:" + to_hex(*bytes));
  }
  view.digests.assign(digests.begin(), digests.end());
  view.facts = {{"predicate_type", *predicate}, {"subjects", shown}};
  if (*predicate == kProvenance) {
    const auto build = text_at(json, {"predicate", "buildDefinition", "buildType"});
    const auto builder = text_at(json, {"predicate", "runDetails", "builder", "id"});
    if (!build || !builder) return malformed("SLSA provenance has a buildType and a builder id");
    view.facts["build_type"] = *build;
    view.facts["builder"] = *builder;
    if (const auto id = text_at(json, {"predicate", "runDetails", "metadata", "invocationId"}))
      view.facts["invocation"] = *id;
  }
  return view;
}

class Dsse final : public EnvelopedFormat {
 public:
  std::string_view name() const override { return "dsse"; }
  std::string_view summary() const override {
    return "in-toto Statement v1 in a DSSE envelope: SLSA provenance and others";
  }
  bool recognizes(ByteView head) const override {
    const auto text = text_of(head);
    return trim(text).starts_with('{') &&
           (text.find(kStatement) != std::string_view::npos || text.find(kPayloadType) != std::string_view::npos);
  }

 protected:
  std::string_view payload_type() const override { return kPayloadType; }
  std::string_view member() const override { return "statement"; }
  std::size_t artifact_max() const override { return kEvidenceBytesMax; }
  Result<View> view_of_payload(ByteView payload) const override { return view_of(payload); }
};

}  // namespace

const Format& dsse_format() {
  static const Dsse format;
  return format;
}

}  // namespace hf::keys

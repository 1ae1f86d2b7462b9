#include "keys/asking_json.h"

namespace hf::keys {
namespace {

constexpr std::size_t kCertificateMax = 32U << 10;  // bytes, as base64
constexpr std::size_t kIntermediatesMax = 8;
constexpr std::int64_t kHoursMax = 24 * 3660;
constexpr std::size_t kSignatureMax = 1024, kReasonMax = 1024, kSha256 = 32;
constexpr std::size_t kSpkiMax = 2048;

JsonArray base64_list(const std::vector<Bytes>& list) {
  JsonArray texts;
  for (const auto& bytes : list) texts.emplace_back(to_base64(bytes));
  return texts;
}

Bytes base64_in(Fields& in, std::string_view name, std::size_t size_max) {
  auto bytes = from_base64(in.text(name, size_max * 4 / 3 + 4));
  if (!bytes || bytes->size() > size_max) in.fault(name, "base64 of at most " + std::to_string(size_max) + " bytes");
  return std::move(bytes).value_or(Bytes());
}

std::vector<Bytes> base64_list_in(Fields& in, std::string_view name) {
  std::vector<Bytes> list;
  const auto* texts = in.find(name);
  const auto* array = texts ? texts->if_array() : nullptr;
  if (!array || array->size() > kIntermediatesMax) {
    in.fault(name, "at most " + std::to_string(kIntermediatesMax) + " certificates, base64");
    return list;
  }
  for (const auto& text : *array) {
    auto bytes =
        text.is_string() && text.as_string().size() <= kCertificateMax ? from_base64(text.as_string()) : std::nullopt;
    if (!bytes) in.fault(name, "base64 is expected");
    else list.push_back(*std::move(bytes));
  }
  return list;
}

std::string sha256_in(Fields& in) {
  const auto digest = in.hex("sha256", kSha256);
  if (digest.size() != kSha256) in.fault("sha256", "64 hex digits");
  return to_hex(digest);
}

std::optional<crypto::SignatureScheme> scheme_in(Fields& in) {
  const auto name = in.text_or_none("scheme");
  if (!name) return {};
  const auto scheme = crypto::signature_scheme_of(*name);
  if (!scheme) in.fault("scheme", "no signature scheme has this name");
  return scheme;
}

Result<void> without(const std::vector<Fault>& faults) {
  if (faults.empty()) return {};
  return fail(ErrorKind::invalid, "HF-KEYS-0021", faults[0].pointer + ": " + faults[0].what);
}

}  // namespace

JsonObject to_json(const NewRequest& wanted) {
  JsonObject json{
      {"key", wanted.key},
      {"product", wanted.product},
      {"format", wanted.format},
      {"evidence", to_base64(wanted.evidence)},
      {"artifact",
       JsonObject{{"name", wanted.artifact.name}, {"size", wanted.artifact.size}, {"sha256", wanted.artifact.sha256}}},
      {"reason", wanted.reason},
      {"branch", wanted.branch},
      {"uses", wanted.uses},
      {"certificate", to_base64(wanted.certificate)},
      {"intermediates", base64_list(wanted.intermediates)},
      {"break_glass", wanted.break_glass}};
  if (wanted.scheme) json["scheme"] = crypto::name_of(*wanted.scheme);
  if (wanted.valid) json["hours"] = std::int64_t(wanted.valid->count());
  return json;
}

Result<NewRequest> new_request_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  NewRequest wanted;
  wanted.key = in.text("key");
  wanted.product = in.text("product");
  wanted.format = in.text("format");
  wanted.scheme = scheme_in(in);
  wanted.evidence = base64_in(in, "evidence", kEvidenceMax);
  in.object("artifact", [&](Fields& artifact) {
    wanted.artifact.name = artifact.text("name", 1024);
    wanted.artifact.size = artifact.integer("size", 0, std::int64_t{1} << 53);
    wanted.artifact.sha256 = sha256_in(artifact);
  });
  wanted.reason = in.text_or_none("reason", kReasonMax).value_or("");
  wanted.branch = in.text_or_none("branch").value_or("");
  wanted.uses = in.integer_or_none("uses", 1, 1'000'000'000).value_or(1);
  if (in.find("certificate")) wanted.certificate = base64_in(in, "certificate", kCertificateMax);
  if (in.find("intermediates")) wanted.intermediates = base64_list_in(in, "intermediates");
  wanted.break_glass = in.flag("break_glass");
  if (const auto hours = in.integer_or_none("hours", 1, kHoursMax)) wanted.valid = std::chrono::hours(*hours);
  in.close();
  HF_CHECK(without(faults));
  return wanted;
}

JsonObject to_json(const NewGrant& wanted) {
  return {{"key", wanted.key},
          {"signatures", wanted.grant.signatures},
          {"products", list_of(wanted.grant.products)},
          {"formats", list_of(wanted.grant.formats)},
          {"requesters", list_of(wanted.grant.requesters)},
          {"branches", wanted.grant.branches ? Json(list_of(*wanted.grant.branches)) : Json(nullptr)},
          {"reason", wanted.reason},
          {"hours", std::int64_t(wanted.valid.count())}};
}

Result<NewGrant> new_grant_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  NewGrant wanted;
  wanted.key = in.text("key");
  wanted.grant.signatures = in.integer("signatures", 1, 1'000'000'000);
  wanted.grant.products = in.texts("products");
  wanted.grant.formats = in.texts("formats");
  wanted.grant.requesters = in.texts_or_none("requesters").value_or(std::vector<std::string>());
  wanted.grant.branches = in.texts_or_none("branches");
  wanted.reason = in.text_or_none("reason", kReasonMax).value_or("");
  wanted.valid = std::chrono::hours(in.integer("hours", 1, kHoursMax));
  in.close();
  HF_CHECK(without(faults));
  return wanted;
}

Result<std::string> signed_file_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  auto digest = sha256_in(in);
  in.close();
  HF_CHECK(without(faults));
  return digest;
}

Result<NewIncident> incident_of(const Json& json, std::string_view key) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  NewIncident incident{.key = std::string(key), .reason = in.text("reason", kReasonMax)};
  incident.effective_at = in.time_or_none("effective_at");
  in.close();
  HF_CHECK(without(faults));
  return incident;
}

JsonObject to_json(const Signed& made) {
  return {{"signature_id", made.id},
          {"format", made.format},
          {"scheme", crypto::name_of(made.context.scheme)},
          {"public_key", to_hex(crypto::to_spki(made.context.key))},
          {"signature", to_hex(made.signature)},
          {"earlier", base64_list(made.context.earlier)},
          {"evidence", to_base64(made.evidence)},
          {"certificate", to_base64(made.context.certificate)},
          {"intermediates", base64_list(made.context.intermediates)},
          {"signing_time", format_rfc3339(made.context.signing_time)}};
}

Result<Signed> signed_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  Signed made;
  made.id = in.integer("signature_id", 1, std::numeric_limits<std::int64_t>::max());
  made.format = in.text("format");
  const auto scheme = scheme_in(in);
  const auto key = crypto::public_key_of_spki(in.hex("public_key", kSpkiMax));
  if (!scheme || !key) in.fault("public_key", "a key and a scheme are expected");
  else made.context.scheme = *scheme, made.context.key = *key;
  made.signature = in.hex("signature", kSignatureMax);
  made.context.earlier = base64_list_in(in, "earlier");
  made.evidence = base64_in(in, "evidence", kEvidenceMax);
  made.context.certificate = base64_in(in, "certificate", kCertificateMax);
  made.context.intermediates = base64_list_in(in, "intermediates");
  made.context.signing_time = in.time_or_none("signing_time").value_or(Time{});
  in.close();
  HF_CHECK(without(faults));
  return made;
}

}  // namespace hf::keys

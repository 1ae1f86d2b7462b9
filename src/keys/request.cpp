#include "keys/request.h"

#include <array>

#include "keys/json_fields.h"

namespace hf::keys {
namespace {

constexpr std::array<std::pair<RequestKind, std::string_view>, 3> kKinds{
    {{RequestKind::sign, "sign"}, {RequestKind::grant, "grant"}, {RequestKind::charter, "charter"}}};
constexpr std::int64_t kUsesMax = 1'000'000'000;

JsonObject to_json(const Grant& grant) {
  return {{"signatures", grant.signatures},
          {"products", list_of(grant.products)},
          {"formats", list_of(grant.formats)},
          {"requesters", list_of(grant.requesters)},
          {"branches", grant.branches ? Json(list_of(*grant.branches)) : Json(nullptr)}};
}

Time needed_time(Fields& in, std::string_view name) {
  const auto time = in.time_or_none(name);
  if (!time) in.fault(name, "is missing");
  return time.value_or(Time{});
}

void read_signing(Fields& in, SigningRequest& request) {
  request.product = in.text("product");
  const auto scheme = crypto::signature_scheme_of(in.text("scheme", 32));
  if (!scheme) in.fault("scheme", "no signature scheme that is known here");
  request.scheme = scheme.value_or(crypto::SignatureScheme::ed25519);
  in.object("artifact", [&](Fields& item) {
    request.artifact = Artifact{item.text("name"), item.integer("size", 0, std::numeric_limits<std::int64_t>::max()),
                                item.text("sha256", 64)};
  });
  request.evidence_sha256 = in.text("evidence_sha256", 64);
  const auto* view = in.find("view");
  if (view && view->is_object()) request.view = view->get_object();
  else in.fault("view", "an object is expected");
  request.signing_time = in.time_or_none("signing_time");
  request.certificate_sha256 = in.text_or_none("certificate_sha256", 64).value_or("");
  request.uses = in.integer("uses", 1, kUsesMax);
}

void read_grant(Fields& in, SigningRequest& request) {
  in.object("grant", [&](Fields& item) {
    request.grant = Grant{.signatures = item.integer("signatures", 1, kUsesMax),
                          .products = item.texts("products"),
                          .formats = item.texts("formats", 32),
                          .requesters = item.texts("requesters"),
                          .branches = item.texts_or_none("branches")};
  });
}

}  // namespace

std::string_view name_of(RequestKind kind) { return kKinds[std::size_t(kind)].second; }

JsonObject to_json(const SigningRequest& request) {
  JsonObject json{{"type", "holdfast-signing-request-1"},
                  {"kind", name_of(request.kind)},
                  {"id", request.id},
                  {"key", request.key},
                  {"key_version", request.key_version},
                  {"charter", request.charter},
                  {"requester", request.requester},
                  {"person", request.person},
                  {"reason", request.reason},
                  {"branch", request.branch},
                  {"created_at", format_rfc3339(request.created_at)},
                  {"expires_at", format_rfc3339(request.expires_at)},
                  {"break_glass", request.break_glass}};
  switch (request.kind) {
    case RequestKind::sign:
      json["product"] = request.product;
      json["scheme"] = crypto::name_of(request.scheme);
      if (request.artifact)
        json["artifact"] = JsonObject{
            {"name", request.artifact->name}, {"size", request.artifact->size}, {"sha256", request.artifact->sha256}};
      json["evidence_sha256"] = request.evidence_sha256;
      if (request.view) json["view"] = *request.view;
      json["signing_time"] = request.signing_time ? Json(format_rfc3339(*request.signing_time)) : Json(nullptr);
      json["certificate_sha256"] =
          request.certificate_sha256.empty() ? Json(nullptr) : Json(request.certificate_sha256);
      json["uses"] = request.uses;
      break;
    case RequestKind::grant:
      if (request.grant) json["grant"] = to_json(*request.grant);
      break;
    case RequestKind::charter: json["next_charter"] = request.next_charter; break;
  }
  return json;
}

Result<SigningRequest> request_of(const Json& json) {
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  if (in.text("type", 32) != "holdfast-signing-request-1") in.fault("type", "'holdfast-signing-request-1' is expected");
  SigningRequest request;
  const auto kind = in.text("kind", 16);
  bool known = false;
  for (const auto& [value, name] : kKinds)
    if (name == kind) request.kind = value, known = true;
  if (!known) in.fault("kind", "'sign', 'grant' or 'charter' is expected");
  request.id = in.text("id", 32);
  request.key = in.text("key", 64);
  request.key_version = int(in.integer("key_version", 1, 1'000'000));
  request.charter = in.text("charter", 64);
  request.requester = in.text("requester", 64);
  request.person = in.text("person", 64);
  request.reason = in.text("reason", 1024);
  request.branch = in.text_or_none("branch").value_or("");
  request.created_at = needed_time(in, "created_at");
  request.expires_at = needed_time(in, "expires_at");
  request.break_glass = in.flag("break_glass");
  switch (request.kind) {
    case RequestKind::sign: read_signing(in, request); break;
    case RequestKind::grant: read_grant(in, request); break;
    case RequestKind::charter: request.next_charter = in.text("next_charter", 64); break;
  }
  in.close();
  if (!faults.empty())
    return fail(ErrorKind::invalid, "HF-KEYS-0002",
                "the signing request is wrong at " + faults[0].pointer + ": " + faults[0].what);
  return request;
}

std::string canonical(const SigningRequest& request) {
  auto text = canonical_json(to_json(request));
  return text ? *std::move(text) : std::string();
}

std::string digest_of(const SigningRequest& request) { return to_hex(crypto::sha256({bytes_of(canonical(request))})); }

}  // namespace hf::keys

#include "keys/formats/ca_request.h"

#include <algorithm>

#include "crypto/sha256.h"
#include "crypto/x509.h"

namespace hf::keys {
namespace {

constexpr std::string_view kType = "holdfast-ca-request-1";
constexpr std::size_t kUrisMax = 4, kRevokedMax = 200, kCsrMax = 8U << 10;
constexpr std::int64_t kNumberMax = (std::int64_t{1} << 53) - 1, kHoursMax = 24 * 366;

bool is_hex(std::string_view text, std::size_t digits) {
  return text.size() == digits &&
         std::ranges::all_of(text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::string hex_text(Fields& in, std::string_view name, std::size_t digits) {
  auto text = in.text(name, digits);
  if (!is_hex(text, digits)) in.fault(name, std::to_string(digits) + " hexadecimal digits in lower case are expected");
  return text;
}

CertificateWish read_certificate(Fields& in) {
  CertificateWish wish;
  const auto csr = from_base64(in.text("csr", kCsrMax * 2));
  if (csr && csr->size() <= kCsrMax && crypto::x509::request_of(*csr)) wish.csr = *csr;
  else in.fault("csr", "is no PKCS #10 request in base64");
  wish.profile = in.text("profile", 64);
  wish.profile_sha256 = hex_text(in, "profile_sha256", 64);
  wish.not_after = in.time_or_none("not_after");
  wish.crls = in.texts("crls", kUrisMax);
  wish.ocsp = in.texts("ocsp", kUrisMax);
  wish.issuers = in.texts("issuers", kUrisMax);
  return wish;
}

CrlWish read_crl(Fields& in) {
  CrlWish wish{.number = in.integer("number", 1, kNumberMax), .hours = in.integer("hours", 1, kHoursMax)};
  std::string before;
  in.each("revoked", kRevokedMax, [&](Fields& item) {
    CrlWish::Entry entry{item.text("serial", 40), item.time_or_none("at").value_or(Time{}),
                         item.integer("reason", 0, 10)};
    const auto octets = from_hex(entry.serial);
    if (!octets || octets->empty() || to_hex(*octets) != entry.serial || (octets->front() & 0x80U) != 0)
      item.fault("serial", "a positive serial number's octets in lower-case hexadecimal are expected");
    if (!item.find("at")) item.fault("at", "is missing");
    // 6, a hold, is not given back here; 7 is not used, 8 is of delta CRLs (RFC 5280 5.3.1).
    if (entry.reason >= 6 && entry.reason <= 8) item.fault("reason", "is none that a complete CRL of a root has");
    if (entry.serial <= before) item.fault("serial", "they come in order, and each once");
    before = entry.serial;
    wish.revoked.push_back(std::move(entry));
  });
  return wish;
}

auto refuse(std::string what) {
  return fail(ErrorKind::invalid, "HF-CEREMONY-0002", "not a request to a CA: " + std::move(what));
}

}  // namespace

JsonObject to_json(const CaRequest& request) {
  JsonObject json{{"type", kType},
                  {"id", request.id},
                  {"ca_sha256", request.ca_sha256},
                  {"reason", request.reason},
                  {"requested_at", format_rfc3339(request.requested_at)}};
  if (const auto* const wish = std::get_if<CertificateWish>(&request.wish)) {
    json["certificate"] = JsonObject{{"csr", to_base64(wish->csr)},
                                     {"profile", wish->profile},
                                     {"profile_sha256", wish->profile_sha256},
                                     {"not_after", wish->not_after ? Json(format_rfc3339(*wish->not_after)) : Json()},
                                     {"crls", list_of(wish->crls)},
                                     {"ocsp", list_of(wish->ocsp)},
                                     {"issuers", list_of(wish->issuers)}};
    return json;
  }
  const auto& wish = std::get<CrlWish>(request.wish);
  JsonArray revoked;
  for (const auto& one : wish.revoked)
    revoked.push_back(JsonObject{{"serial", one.serial}, {"at", format_rfc3339(one.at)}, {"reason", one.reason}});
  json["crl"] = JsonObject{{"number", wish.number}, {"hours", wish.hours}, {"revoked", std::move(revoked)}};
  return json;
}

std::string canonical(const CaRequest& request) { return canonical_json(to_json(request)).value(); }

Result<CaRequest> ca_request_of(ByteView text) {
  constexpr std::size_t kDepth = 5;
  HF_TRY(const auto json, parse_json(text_of(text), {.bytes_max = kCaRequestMax, .depth_max = kDepth}));
  std::vector<Fault> faults;
  Fields in(json, "", faults);
  if (in.text("type") != kType) return refuse("its type is not '" + std::string(kType) + "'");
  CaRequest request{.id = hex_text(in, "id", 32), .ca_sha256 = hex_text(in, "ca_sha256", 64)};
  request.reason = in.text("reason", 1024);
  const auto at = in.time_or_none("requested_at");
  if (!at) in.fault("requested_at", "is missing");
  request.requested_at = at.value_or(Time{});
  if (in.find("certificate")) {
    in.object("certificate", [&](Fields& wish) { request.wish = read_certificate(wish); });
  } else {
    in.object("crl", [&](Fields& wish) { request.wish = read_crl(wish); });
  }
  in.close();
  if (!faults.empty()) {
    std::string all;
    for (const auto& fault : faults) all += (all.empty() ? "" : "; ") + fault.pointer + ": " + fault.what;
    return refuse(std::move(all));
  }
  if (canonical(request) != text_of(text)) return refuse("it is not canonical JSON (RFC 8785) of its value");
  return request;
}

JsonObject facts_of(const CaRequest& request) {
  auto facts = to_json(request);
  facts.erase("type");
  if (const auto* const wish = std::get_if<CertificateWish>(&request.wish)) {
    facts.erase("certificate");
    const auto csr = crypto::x509::request_of(wish->csr);
    facts["subject"] = csr ? csr->subject.text() : std::string();
    facts["subject_key"] = csr ? to_hex(crypto::sha256({csr->spki})) : std::string();
    JsonArray asked;
    if (csr)
      for (const auto& extension : csr->extensions) asked.emplace_back(crypto::x509::oid_name(extension.oid));
    facts["extensions"] = std::move(asked);
    facts["profile"] = wish->profile + " " + wish->profile_sha256;
    facts["not_after"] = wish->not_after ? format_rfc3339(*wish->not_after) : std::string("as the profile has it");
    facts["crls"] = list_of(wish->crls), facts["ocsp"] = list_of(wish->ocsp), facts["issuers"] = list_of(wish->issuers);
    return facts;
  }
  const auto& wish = std::get<CrlWish>(request.wish);
  facts.erase("crl");
  JsonArray revoked;
  for (const auto& one : wish.revoked)
    revoked.emplace_back(one.serial + " from " + format_rfc3339(one.at) + ", CRLReason " + std::to_string(one.reason));
  facts["number"] = wish.number, facts["hours"] = wish.hours, facts["revoked"] = std::move(revoked);
  return facts;
}

}  // namespace hf::keys

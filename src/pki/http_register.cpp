#include "pki/http_register.h"

#include <algorithm>
#include <charconv>

#include "accounts/authenticator.h"
#include "keys/json_fields.h"
#include "net/page.h"
#include "pki/http_json.h"

namespace hf::pki {
namespace {

using net::Request;
using net::Response;

constexpr std::uint64_t kBodyMax = 8U << 10;
constexpr std::int64_t kDaysMax = 36'500;
constexpr auto kNewest = std::numeric_limits<std::int64_t>::max();

Response json(int status, const JsonObject& object) { return net::json_text_response(status, to_text(object)); }

Result<void> without(const std::vector<keys::Fault>& faults) {
  if (faults.empty()) return {};
  return fail(ErrorKind::invalid, "HF-PKI-0052", faults[0].pointer + ": " + faults[0].what);
}

Result<std::optional<std::int64_t>> days_of(const Request& request, std::string_view name) {
  const auto text = request.query(name);
  if (text.empty()) return std::optional<std::int64_t>();
  std::int64_t days = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), days);
  if (wrong != std::errc() || end != text.data() + text.size() || days < 1 || days > kDaysMax)
    return fail(ErrorKind::invalid, "HF-PKI-0050", std::string(name) + " is a number of days, at most 36500");
  return std::optional(days);
}

Result<Response> authorities(const Request&, const RegisterApi& api) {
  HF_TRY(const auto all, api.registry.authorities());
  JsonArray items;
  for (const auto& one : all) items.push_back(line_of(one, api.registry.now()));
  return net::page_response(std::move(items), {});
}

Result<Response> shown(const Request& request, const RegisterApi& api, std::string_view name, int status) {
  HF_TRY(const auto detail, api.look_up.authority(name));
  return json(status, authority_json(detail, request.principal, api.issuer != nullptr, api.registry.now()));
}

Result<Response> authority(const Request& request, const RegisterApi& api) {
  return shown(request, api, request.path("name"), 200);
}

Result<Response> certificates(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto page, net::page_of(request, 2, {.limit = 50, .limit_max = 500}));
  HF_TRY(const auto days, days_of(request, "ending_within"));
  CertificateQuery query{.authority = std::string(request.query("ca")), .text = std::string(request.query("q"))};
  if (days) query.ending_before = api.registry.now() + std::chrono::hours(24 * *days);
  HF_TRY(const auto found, api.look_up.certificates(query, page.after, page.limit));
  JsonArray items;
  for (const auto& one : found.items) items.push_back(line_of(one, api.registry.now()));
  return net::page_response(std::move(items), found.next);
}

Result<Response> certificate(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto sight, api.look_up.certificate(request.path("name"), request.path("serial")));
  return json(200, certificate_json(sight, request.principal, api.registry.now()));
}

Result<Response> expiring(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto days, days_of(request, "days"));
  const auto now = api.registry.now();
  HF_TRY(const auto found, api.registry.expiring(now, now + std::chrono::hours(24 * days.value_or(365))));
  JsonArray items;
  for (const auto& one : found)
    items.push_back(JsonObject{{"ca", one.authority},
                               {"product", one.count.product},
                               {"profile", one.count.profile},
                               {"certificates", one.count.certificates},
                               {"first", format_rfc3339(one.count.first)},
                               {"last", format_rfc3339(one.count.last)}});
  return net::page_response(std::move(items), {});
}

Result<Response> crls(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto below, page.after_number(kNewest));
  HF_TRY(const auto list, api.look_up.crls(request.path("name"), below, page.limit));
  JsonArray items;
  for (const auto& one : list) items.push_back(crl_json(one));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().number)}) : std::nullopt);
}

Result<Response> revocations(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto page, net::page_of(request, 1));
  HF_TRY(const auto before, page.after_number(kNewest));
  HF_TRY(const auto list, api.look_up.revocations(request.path("name"), before, page.limit));
  JsonArray items;
  for (const auto& one : list) items.push_back(to_json(one));
  const bool full = std::int64_t(list.size()) == page.limit;
  return net::page_response(std::move(items),
                            full ? std::optional(std::vector{std::to_string(list.back().id)}) : std::nullopt);
}

Result<Response> revoke(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  std::vector<keys::Fault> faults;
  keys::Fields in(body, "", faults);
  const auto reason_text = in.text("reason", 32);
  const auto at = in.time_or_none("effective_at");
  in.close();
  HF_CHECK(without(faults));
  HF_TRY(const auto reason, reason_of(reason_text));
  HF_CHECK(api.registry.revoke(request.path("name"), request.path("serial"), reason, at, accounts::actor_of(request)));
  HF_TRY(const auto sight, api.look_up.certificate(request.path("name"), request.path("serial")));
  return json(201, certificate_json(sight, request.principal, api.registry.now()));
}

Result<Response> freeze(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto body, parse_json(request.body.text()));
  std::vector<keys::Fault> faults;
  keys::Fields in(body, "", faults);
  const auto reason = in.text("reason", 500);
  in.close();
  HF_CHECK(without(faults));
  HF_CHECK(api.registry.set_frozen(request.path("name"), true, reason, accounts::actor_of(request)));
  return shown(request, api, request.path("name"), 201);
}

Result<Response> make_crl(const Request& request, const RegisterApi& api) {
  constexpr std::int64_t kHoursMax = 24 * 365, kShardMax = 255;
  if (!api.issuer)
    return fail(ErrorKind::unavailable, "HF-PKI-0028",
                "this server has no signer: start it with --signer on the machine that has the token, or run 'holdfast "
                "pki crl' there");
  HF_TRY(const auto body, parse_json(request.body.text()));
  std::vector<keys::Fault> faults;
  keys::Fields in(body, "", faults);
  CrlOrder order{.authority = std::string(request.path("name")),
                 .grant = in.text("grant", 64),
                 .product = in.text_or_none("product").value_or("")};
  order.shard = in.integer_or_none("shard", 0, kShardMax).value_or(0);
  if (const auto hours = in.integer_or_none("hours", 1, kHoursMax)) order.valid = std::chrono::hours(*hours);
  in.close();
  HF_CHECK(without(faults));
  HF_TRY(const auto made, api.issuer->crl(order, accounts::actor_of(request)));
  return json(201, crl_json(made));
}

// A CRL as its distribution point has it (RFC 5280 4.2.1.13; the type is RFC 2585 section 4). The pipeline makes a 304
// of it for whoever has it.
Result<Response> published(const Request& request, const RegisterApi& api, std::string_view ca, std::int64_t shard) {
  HF_TRY(const auto crl, api.look_up.published_crl(ca, shard));
  Response response;
  response.headers.add("Content-Type", "application/pkix-crl");
  response.headers.add("ETag", "\"" + to_hex(crypto::sha256({crl.der})) + "\"");
  response.headers.add("Last-Modified", net::http_date(crl.this_update));
  const auto left = std::chrono::floor<std::chrono::seconds>(crl.next_update - request.received);
  const auto age = std::max(left, std::chrono::seconds(0));
  response.headers.add("Cache-Control",
                       "max-age=" + std::to_string(age.count()) + ", public, no-transform, must-revalidate");
  response.headers.add("Expires", net::http_date(crl.next_update));
  response.content = std::string(text_of(crl.der));
  return response;
}

Result<std::string_view> without_suffix(std::string_view file) {
  constexpr std::string_view kSuffix = ".crl";
  if (!file.ends_with(kSuffix)) return fail(ErrorKind::not_found, "HF-PKI-0051", "a CRL's address ends in .crl");
  return file.substr(0, file.size() - kSuffix.size());
}

Result<Response> crl(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto ca, without_suffix(request.path("file")));
  return published(request, api, ca, 0);
}

Result<Response> crl_of_shard(const Request& request, const RegisterApi& api) {
  HF_TRY(const auto text, without_suffix(request.path("file")));
  std::int64_t shard = 0;
  const auto [end, wrong] = std::from_chars(text.data(), text.data() + text.size(), shard);
  if (wrong != std::errc() || end != text.data() + text.size())
    return fail(ErrorKind::not_found, "HF-PKI-0051", "a shard of a CA's CRLs is named by its number");
  return published(request, api, request.path("ca"), shard);
}

const net::Parameter kLimit{"limit", "items in a page", "integer"};
const net::Parameter kCursor{"cursor", "`next` of the page before"};

}  // namespace

std::vector<net::Route> register_routes(const RegisterApi& api) {
  using net::handle;
  using enum net::Method;
  const std::vector<std::string_view> json_only{"application/json"};
  return {
      {.method = get,
       .path = "/v1/pki/authorities",
       .permission = "pki.read",
       .summary = "Certificate authorities by name, with how their CRLs stand",
       .response_schema = "AuthorityLinePage",
       .handler = handle(api, &authorities)},
      {.method = get,
       .path = "/v1/pki/authorities/{name}",
       .permission = "pki.read",
       .summary = "A CA: its chain, profiles, CRLs and how many certificates it issued",
       .response_schema = "Authority",
       .handler = handle(api, &authority)},
      {.method = get,
       .path = "/v1/pki/authorities/{name}/crls",
       .permission = "pki.read",
       .summary = "CRLs of a CA, newest first",
       .response_schema = "CrlPage",
       .query = {kLimit, kCursor},
       .handler = handle(api, &crls)},
      {.method = get,
       .path = "/v1/pki/authorities/{name}/revocations",
       .permission = "pki.read",
       .summary = "What was said of revocation at a CA, newest first",
       .response_schema = "RevocationPage",
       .query = {kLimit, kCursor},
       .handler = handle(api, &revocations)},
      {.method = get,
       .path = "/v1/pki/authorities/{name}/certificates/{serial}",
       .permission = "pki.read",
       .summary = "A certificate: its fields, chain, findings, and whether it is revoked",
       .response_schema = "Certificate",
       .handler = handle(api, &certificate)},
      {.method = get,
       .path = "/v1/pki/certificates",
       .permission = "pki.read",
       .summary = "Certificates, newest first; or those that begin so, or end soon",
       .response_schema = "CertificateLinePage",
       .query = {{"ca", "of this CA alone"},
                 {"q", "SHA-256 of a certificate or key, or the beginning of a serial number or subject"},
                 {"ending_within", "days from now, of one CA", "integer"},
                 kLimit,
                 kCursor},
       .handler = handle(api, &certificates)},
      {.method = get,
       .path = "/v1/pki/expiring",
       .permission = "pki.read",
       .summary = "Certificates that end soon and are not revoked, by CA, product and profile",
       .response_schema = "ExpiringLinePage",
       .query = {{"days", "from now; else 365", "integer"}},
       .handler = handle(api, &expiring)},
      {.method = post,
       .path = "/v1/pki/authorities/{name}/certificates/{serial}/revocation",
       .permission = "pki.revoke",
       .body_max = kBodyMax,
       .content_types = json_only,
       .summary = "Revoke a certificate, for good; told again, it moves earlier or says that the key is compromised",
       .request_schema = "NewRevocation",
       .response_schema = "Certificate",
       .success = 201,
       .handler = handle(api, &revoke)},
      {.method = post,
       .path = "/v1/pki/authorities/{name}/freeze",
       .permission = "pki.revoke",
       .body_max = kBodyMax,
       .content_types = json_only,
       .summary = "Freeze a CA: it issues nothing, and still signs CRLs and OCSP answers",
       .request_schema = "AuthorityFreeze",
       .response_schema = "Authority",
       .success = 201,
       .handler = handle(api, &freeze)},
      {.method = post,
       .path = "/v1/pki/authorities/{name}/crls",
       .permission = "keys.sign",
       .body_max = kBodyMax,
       .content_types = json_only,
       .summary = "Make the next CRL of a CA, under a standing grant of its key that names who asks",
       .request_schema = "NewCrl",
       .response_schema = "Crl",
       .success = 201,
       .idempotency_key = true,
       .handler = handle(api, &make_crl)},
  };
}

std::vector<net::Route> crl_routes(const RegisterApi& api) {
  using net::handle;
  using enum net::Method;
  return {
      {.method = get,
       .path = "/crl/{file}",
       .permission = net::kPublic,
       .summary = "The newest CRL of a CA without shards: NAME.crl",
       .response_type = "application/pkix-crl",
       .handler = handle(api, &crl)},
      {.method = get,
       .path = "/crl/{ca}/{file}",
       .permission = net::kPublic,
       .summary = "The newest CRL of a shard: NUMBER.crl",
       .response_type = "application/pkix-crl",
       .handler = handle(api, &crl_of_shard)},
  };
}

}  // namespace hf::pki

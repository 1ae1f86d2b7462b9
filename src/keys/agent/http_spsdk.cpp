#include "keys/agent/http_spsdk.h"

#include "keys/json_fields.h"

namespace hf::keys::agent {
namespace {

using crypto::SignatureScheme;
using net::Request;
using net::Response;

constexpr std::uint64_t kBodyMax = 64U << 20;  // a message in hexadecimal

auto refuse(std::string why) { return fail(ErrorKind::invalid, "HF-AGENT-0001", std::move(why)); }

// A page of a browser reaches the loopback too, and by DNS rebinding under a name of its own.
Result<void> from_a_tool(const Request& request) {
  auto host = request.header("Host");
  host = host.substr(0, host.rfind(':') == std::string_view::npos ? host.size() : host.rfind(':'));
  const bool local = host == "localhost" || host == "127.0.0.1";
  if (local && !request.headers.find("Origin") && !request.headers.find("Sec-Fetch-Site")) return {};
  return fail(ErrorKind::forbidden, "HF-AGENT-0007", "this is for tools on this machine, not for pages of a browser");
}

Result<Json> body_of(const Request& request) {
  HF_CHECK(from_a_tool(request));
  const auto text = request.body.text();
  if (text.empty()) return Json(JsonObject());
  HF_TRY(auto json, parse_json(text, {.bytes_max = kBodyMax}));
  if (!json.is_object()) return refuse("a JSON object is expected");
  return json;
}

Response answer(Json data) { return net::json_text_response(200, to_text(JsonObject{{"data", std::move(data)}})); }

SignatureScheme scheme_of(const KnownKey& key, std::string_view wanted) {
  const auto named = crypto::signature_scheme_of(wanted);
  return named && crypto::fits(*named, key.key.algorithm) ? *named : crypto::default_scheme_of(key.key.algorithm);
}

std::size_t signature_size(const crypto::PublicKey& key) {
  if (const auto numbers = rsa_numbers_of(key)) return numbers->modulus.size();
  return key.algorithm == crypto::KeyAlgorithm::ecdsa_p384 ? 96 : 64;
}

// Members beside the protocol's own come from the provider's configuration string: key=, scheme=.
Result<Response> sign(const Request& request, Agent& agent) {
  HF_TRY(const auto json, body_of(request));
  const auto& in = json.as_object();
  HF_TRY(const auto key, agent.key(text_at(in, "key")));
  auto data = from_hex(text_at(in, "data"));
  if (!data || data->empty()) return refuse("\"data\" is hexadecimal");
  const auto scheme = scheme_of(key, text_at(in, "scheme"));
  if (scheme == SignatureScheme::ed25519) return refuse("the protocol has no Ed25519");
  const auto hash = scheme == SignatureScheme::ecdsa_p384_sha384 ? crypto::Digest::sha384 : crypto::Digest::sha256;
  const auto prehashed = text_at(in, "prehashed");
  if (!prehashed.empty() && prehashed != crypto::name_of(hash))
    return refuse("this key signs with " + std::string(crypto::name_of(hash)));
  auto digest = prehashed.empty() ? crypto::digest_of(hash, *data) : *std::move(data);
  if (digest.size() != crypto::input_size_of(scheme)) return refuse("\"data\" is no digest of that length");
  HF_TRY(const auto signature, agent.sign(key, {scheme, std::move(digest)}, text_at(in, "grant"), "data from SPSDK"));
  return answer(Json(to_hex(signature)));
}

Result<Response> signature_length(const Request& request, Agent& agent) {
  HF_TRY(const auto json, body_of(request));
  HF_TRY(const auto key, agent.key(text_at(json.as_object(), "key")));
  return answer(std::int64_t(signature_size(key.key)));
}

Result<Response> verify_public_key(const Request& request, Agent& agent) {
  HF_TRY(const auto json, body_of(request));
  const auto& in = json.as_object();
  HF_TRY(const auto key, agent.key(text_at(in, "key")));
  if (text_at(in, "encoding") != "pem") return refuse("\"encoding\" is \"pem\"");
  const auto shown = crypto::public_key_of_pem(text_at(in, "data"));
  return answer(shown && *shown == key.key);
}

}  // namespace

std::vector<net::Route> spsdk_routes(Agent& agent) {
  const auto route = [&](std::string_view path, Result<Response> (*handler)(const Request&, Agent&)) {
    return net::Route{.method = net::Method::get,
                      .path = path,
                      .permission = net::kPublic,
                      .body_max = kBodyMax,
                      .handler = [&agent, handler](const Request& request) { return handler(request, agent); }};
  };
  return {route("/api/sign", &sign), route("/api/signature_length", &signature_length),
          route("/api/verify_public_key", &verify_public_key)};
}

}  // namespace hf::keys::agent

#include "keys/cli_desk.h"

#include "crypto/random.h"
#include "keys/asking_json.h"
#include "keys/cli_installation.h"
#include "keys/http_json.h"
#include "net/client.h"

namespace hf::keys {
namespace {

constexpr std::int64_t kOpenMax = 200;
constexpr std::size_t kKeyBytes = 16;

std::string in_force(std::string_view key, std::int64_t sequence, std::string_view digest) {
  return "charter " + std::to_string(sequence) + " of " + std::string(key) + " is in force: " + std::string(digest);
}

Result<crypto::PublicKey> active_in(const JsonArray& versions, std::string_view name) {
  for (const auto& version : versions) {
    const auto* object = version.if_object();
    if (object && text_at(*object, "state") == name_of(VersionState::active))
      return crypto::public_key_of_pem(text_at(*object, "public_key"));
  }
  return fail(ErrorKind::conflict, "HF-KEYS-0014", "no version of the key " + std::string(name) + " is active");
}

class LocalDesk final : public Desk {
 public:
  explicit LocalDesk(Installation open) : open_(std::move(open)) {}

  Result<crypto::PublicKey> key(std::string_view name) override {
    HF_TRY(const auto sight, open_.service->key_sight(name));
    HF_TRY(const auto json, key_json(sight));
    return active_in(json.at("versions").as_array(), name);
  }
  Result<Asked> request(std::string_view digest) override {
    HF_TRY(const auto sight, open_.service->sight(digest));
    const auto& judged = sight.judged;
    return Asked{judged.stored.digest, judged.stored.request, judged.judgement.lacks,
                 request_json(sight, open_.actor.name, open_.service->now(), {.id = open_.actor.name, .kind = "user"})};
  }
  Result<std::vector<std::string>> open_for(std::string_view key, std::string_view artifact) override {
    HF_TRY(const auto page, open_.service->judged({{RequestState::waiting, RequestState::approved}, std::string(key)},
                                                  std::nullopt, kOpenMax));
    std::vector<std::string> digests;
    for (const auto& item : page.items)
      if (const auto& asked = item.stored.request.artifact; asked && asked->sha256 == artifact)
        digests.push_back(item.stored.digest);
    return digests;
  }
  Result<std::string> ask(NewRequest wanted) override {
    wanted.requester = wanted.person = open_.actor.name;
    HF_TRY(const auto stored, open_.service->ask(wanted, open_.actor));
    return published(stored.digest);
  }
  Result<std::string> ask(NewGrant wanted) override {
    wanted.requester = wanted.person = open_.actor.name;
    if (wanted.grant.requesters.empty()) wanted.grant.requesters = {open_.actor.name};
    HF_TRY(const auto stored, open_.service->ask(wanted, open_.actor));
    return published(stored.digest);
  }
  Result<Signed> sign(std::string_view digest) override {
    HF_TRY(auto made, open_.service->sign(digest, open_.actor));
    return published(std::move(made));
  }
  Result<Signed> sign_under(std::string_view grant, NewRequest use) override {
    use.requester = use.person = open_.actor.name;
    HF_TRY(auto made, open_.service->sign_under(grant, use, open_.actor));
    return published(std::move(made));
  }
  Result<std::string> put_in_force(std::string_view digest) override {
    HF_TRY(const auto key, open_.service->put_in_force(digest, open_.actor));
    return published(in_force(key.name, key.charter.sequence, key.charter_digest));
  }
  Result<void> record_file(std::int64_t signature, std::string_view sha256) override {
    HF_CHECK(open_.service->record_file(signature, sha256, open_.actor));
    HF_CHECK(open_.instance->log().advance());
    return {};
  }

 private:
  template <class T>
  Result<T> published(T value) {
    HF_CHECK(open_.instance->log().advance());
    return value;
  }
  Installation open_;
};

class RemoteDesk final : public Desk {
 public:
  explicit RemoteDesk(std::unique_ptr<net::Client> client) : client_(std::move(client)) {}

  Result<crypto::PublicKey> key(std::string_view name) override {
    HF_TRY(const auto json, client_->get("/v1/signing-keys/" + net::segment(name)));
    const auto* object = json.if_object();
    const auto* versions = object ? array_at(*object, "versions") : nullptr;
    return active_in(versions ? *versions : JsonArray(), name);
  }
  Result<Asked> request(std::string_view digest) override {
    HF_TRY(auto json, client_->get("/v1/signing-requests/" + net::segment(digest)));
    return asked_of(std::move(json));
  }
  Result<std::vector<std::string>> open_for(std::string_view key, std::string_view artifact) override {
    HF_TRY(const auto json, client_->get("/v1/signing-requests?state=open&limit=200&key=" + net::segment(key)));
    const auto* object = json.if_object();
    const auto* items = object ? array_at(*object, "items") : nullptr;
    if (!items) return fail(not_understood());
    std::vector<std::string> digests;
    for (const auto& item : *items) {
      const auto* line = item.if_object();
      const auto* asked = line ? object_at(*line, "artifact") : nullptr;
      if (asked && text_at(*asked, "sha256") == artifact) digests.emplace_back(text_at(*line, "digest"));
    }
    return digests;
  }
  Result<std::string> ask(NewRequest wanted) override {
    return digest_in(post("/v1/signing-requests", to_json(wanted)));
  }
  Result<std::string> ask(NewGrant wanted) override { return digest_in(post("/v1/signing-grants", to_json(wanted))); }
  Result<Signed> sign(std::string_view digest) override {
    HF_TRY(const auto json,
           client_->post("/v1/signing-requests/" + net::segment(digest) + "/signature", idempotency_key()));
    return signed_of(json);
  }
  Result<Signed> sign_under(std::string_view grant, NewRequest use) override {
    HF_TRY(const auto json, post("/v1/signing-grants/" + net::segment(grant) + "/signatures", to_json(use)));
    return signed_of(json);
  }
  Result<std::string> put_in_force(std::string_view digest) override {
    HF_TRY(const auto json, client_->post("/v1/signing-requests/" + net::segment(digest) + "/charter"));
    const auto* key = json.if_object();
    if (!key) return fail(not_understood());
    return in_force(text_at(*key, "name"), number_at(*key, "charter_sequence"), text_at(*key, "charter_sha256"));
  }
  Result<void> record_file(std::int64_t signature, std::string_view sha256) override {
    HF_CHECK(post("/v1/signatures/" + std::to_string(signature) + "/files", {{"sha256", sha256}}));
    return {};
  }

 private:
  static Error not_understood() {
    return {ErrorKind::unavailable, "HF-HTTP-0063", "the server's answer is not of this version's form", ""};
  }
  static std::string idempotency_key() { return to_hex(crypto::random_bytes(kKeyBytes)); }
  Result<Json> post(std::string_view path, const JsonObject& body) {
    return client_->post(path, body, idempotency_key());
  }
  static Result<Asked> asked_of(Json json) {
    auto* object = json.if_object();
    const auto* document = object ? object->if_contains("request") : nullptr;
    const auto* lacking = object ? array_at(*object, "lacking") : nullptr;
    if (!document || !lacking) return fail(not_understood());
    HF_TRY(auto request, request_of(*document));
    Asked asked{std::string(text_at(*object, "digest")), std::move(request), {}, {}};
    for (const auto& item : *lacking)
      if (const auto* lack = item.if_object())
        asked.lacks.push_back({std::string(text_at(*lack, "rule")), std::string(text_at(*lack, "why"))});
    // The name of a request is the digest of what it says, whoever says it.
    if (digest_of(asked.request) != asked.digest) return fail(not_understood());
    asked.shown = std::move(*object);
    return asked;
  }
  static Result<std::string> digest_in(Result<Json> answer) {
    HF_TRY(auto json, std::move(answer));
    HF_TRY(auto asked, asked_of(std::move(json)));
    return std::move(asked.digest);
  }

  std::unique_ptr<net::Client> client_;
};

}  // namespace

std::vector<cli::Option> desk_options() {
  return {
      instance::kDataOption,
      {"server", "URL", "Ask this server, started with --signer, instead of an installation here"},
      {"token-file", "FILE", "The API token for it, alone in a file; its scopes: keys.read, keys.request, keys.sign"},
      {"trust", "FILE", "Trust anchors of the server's certificate, PEM (default: the system's)"}};
}

Result<std::unique_ptr<Desk>> open_desk(const cli::Args& args) {
  if (const auto server = args.option("server")) {
    HF_TRY(auto client, net::Client::open({.server = std::string(*server),
                                           .token_file = args.option("token-file").value_or(""),
                                           .trust_file = args.option("trust").value_or("")}));
    return std::make_unique<RemoteDesk>(std::move(client));
  }
  if (args.flag("token-file") || args.flag("trust"))
    return fail(ErrorKind::invalid, "HF-CLI-0001", "--token-file and --trust go with --server");
  HF_TRY(auto open, open_installation(args));
  return std::make_unique<LocalDesk>(std::move(open));
}

}  // namespace hf::keys

#include "keys/agent/agent.h"

#include "crypto/sha256.h"
#include "keys/formats/raw.h"

namespace hf::keys::agent {
namespace {

constexpr std::size_t kSha256 = 32;
constexpr std::size_t kShown = 12;  // of a digest, in a sentence

// The unsigned file is known by its SHA-256 where that is what is signed; else the digest stands for it.
Artifact artifact_of(const Prepared& prepared, std::string_view name) {
  if (prepared.digest.size() == kSha256) return {std::string(name), 0, to_hex(prepared.digest)};
  return {std::string(name) + ", SHA-384 " + to_hex(prepared.digest), 0, to_hex(crypto::sha256({prepared.digest}))};
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::open(std::unique_ptr<Desk> desk, const std::vector<std::string>& keys,
                                           Context context) {
  std::vector<KnownKey> known;
  for (const auto& name : keys) {
    HF_TRY(auto key, desk->key(name));
    known.push_back({name, std::move(key)});
  }
  return std::unique_ptr<Agent>(new Agent(std::move(desk), std::move(known), std::move(context)));
}

Result<KnownKey> Agent::key(std::string_view name) const {
  if (name.empty() && keys_.size() == 1) return keys_.front();
  for (const auto& key : keys_)
    if (key.name == name) return key;
  return fail(
      name.empty() ? ErrorKind::invalid : ErrorKind::not_found, "HF-AGENT-0002",
      name.empty() ? "the agent has several keys: name one" : "the agent has no key '" + std::string(name) + "'");
}

Result<Bytes> Agent::sign(const KnownKey& key, const Prepared& prepared, std::string_view grant,
                          std::string_view name) {
  NewRequest wanted{.key = key.name,
                    .product = context_.product,
                    .format = "raw",
                    .scheme = prepared.scheme,
                    .artifact = artifact_of(prepared, name),
                    .reason = context_.reason,
                    .branch = context_.branch};
  HF_TRY(wanted.evidence, raw_evidence(name, prepared.digest));
  if (grant.empty() || grant == "-") grant = context_.grant;
  if (grant.empty()) return sign_when_approved(std::move(wanted));
  HF_TRY(const auto made, desk_->sign_under(grant, std::move(wanted)));
  return made.signature;
}

Result<Bytes> Agent::sign_when_approved(NewRequest wanted) {
  const auto evidence = to_hex(crypto::sha256({wanted.evidence}));
  const std::lock_guard lock(asking_);
  HF_TRY(const auto open, desk_->open_for(wanted.key, wanted.artifact.sha256));
  const auto waits = [](std::string_view digest, std::string_view why) {
    return fail(ErrorKind::forbidden, "HF-AGENT-0003",
                "request " + std::string(digest.substr(0, kShown)) +
                    " waits for approval; ask again for the same signature then" +
                    (why.empty() ? "" : ": " + std::string(why)));
  };
  std::optional<Asked> waiting;
  for (const auto& digest : open) {
    HF_TRY(auto asked, desk_->request(digest));
    const auto& request = asked.request;
    if (request.evidence_sha256 != evidence || request.scheme != wanted.scheme || request.product != wanted.product)
      continue;
    if (!asked.lacks.empty()) {
      waiting = std::move(asked);
      continue;
    }
    HF_TRY(const auto made, desk_->sign(digest));
    return made.signature;
  }
  if (waiting) return waits(waiting->digest, waiting->lacks.front().why);
  HF_TRY(const auto digest, desk_->ask(std::move(wanted)));
  return waits(digest, {});
}

}  // namespace hf::keys::agent

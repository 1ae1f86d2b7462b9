#include "vuln/match/coordinate.h"

#include <algorithm>

#include "base/text.h"
#include "crypto/sha256.h"
#include "vuln/feeds/advisory.h"

namespace hf::vuln {
namespace {

std::string canonical_text(const Claim& claim) {
  if (claim.kind == ClaimKind::cpe && claim.cpe) return claim.cpe->to_text();
  if (claim.kind == ClaimKind::git) return claim.repo + (claim.version.empty() ? "" : "@" + claim.version);
  if (claim.purl) return claim.purl->to_text();
  const auto purl = Purl::parse(claim.text);  // `product`: the purl that it was taken from
  return purl ? purl->to_text() : claim.text;
}

JsonObject json_of(const Claim& claim) {
  JsonObject json{{"kind", name_of(claim.kind)}, {"text", canonical_text(claim)}};
  if (!claim.version.empty()) json["version"] = claim.version;
  if (claim.kind == ClaimKind::git) json["repo"] = claim.repo;
  if (claim.kind == ClaimKind::product && claim.cpe) json["product"] = claim.cpe->plain(CpeAttribute::product);
  if (claim.commit) json["commit"] = true;
  return json;
}

JsonObject json_of(const PatchClaim& patch) {
  JsonObject json{{"vulnerability", patch.vulnerability}};
  if (!patch.source.empty()) json["source"] = patch.source;
  if (!patch.patch.empty()) json["patch"] = patch.patch;
  return json;
}

template <class Items>
JsonArray sorted(const Items& items) {
  std::vector<std::pair<std::string, JsonObject>> texts;
  for (const auto& item : items) {
    auto json = json_of(item);
    auto text = hf::to_text(Json(json));
    texts.emplace_back(std::move(text), std::move(json));
  }
  std::sort(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  texts.erase(std::unique(texts.begin(), texts.end(), [](const auto& a, const auto& b) { return a.first == b.first; }),
              texts.end());
  JsonArray array;
  for (auto& [text, json] : texts) array.push_back(std::move(json));
  return array;
}

std::string text_at(const JsonObject& json, std::string_view key) {
  const auto* value = json.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

auto refuse(std::string what) {
  return fail(ErrorKind::invalid, "HF-VULN-0011",
              "the stored claims of a component cannot be read: " + std::move(what));
}

Result<Claim> claim_of(const JsonObject& json) {
  Claim claim;
  const auto kind = text_at(json, "kind");
  claim.text = text_at(json, "text");
  claim.version = text_at(json, "version");
  claim.commit = json.contains("commit");
  if (kind == name_of(ClaimKind::purl)) {
    claim.kind = ClaimKind::purl;
    HF_TRY(claim.purl, Purl::parse(claim.text));
    claim.scheme = scheme_of_purl_type(claim.purl->type);
  } else if (kind == name_of(ClaimKind::cpe)) {
    claim.kind = ClaimKind::cpe;
    HF_TRY(claim.cpe, Cpe::parse(claim.text));
    claim.scheme = scheme_of_product(claim.cpe->plain(CpeAttribute::product));
  } else if (kind == name_of(ClaimKind::git)) {
    claim.kind = ClaimKind::git;
    claim.repo = text_at(json, "repo");
    if (claim.repo.empty()) return refuse("a git claim without a repository");
  } else if (kind == name_of(ClaimKind::product)) {
    claim.kind = ClaimKind::product;
    const auto product = text_at(json, "product");
    if (product.empty()) return refuse("a product claim without a product");
    claim.cpe.emplace();
    claim.cpe->set(CpeAttribute::product, product);
    claim.scheme = scheme_of_product(product);
  } else {
    return refuse("no claim is of kind '" + kind + "'");
  }
  return claim;
}

// Visits the objects of an array member; HF-VULN-0011 where it holds anything else.
template <class F>
Result<void> each_object(const JsonObject& json, std::string_view key, F visit) {
  const auto* value = json.if_contains(key);
  if (value == nullptr) return {};
  if (!value->is_array()) return refuse(std::string(key) + " is no array");
  for (const auto& item : value->get_array()) {
    if (!item.is_object()) return refuse(std::string(key) + " holds something else than objects");
    HF_CHECK(visit(item.get_object()));
  }
  return {};
}

}  // namespace

JsonObject claims_json(const Subject& subject) {
  JsonObject json;
  if (auto claims = sorted(subject.claims); !claims.empty()) json["claims"] = std::move(claims);
  if (auto patched = sorted(subject.patched); !patched.empty()) json["patched"] = std::move(patched);
  return json;
}

Result<Subject> subject_of(const JsonObject& json) {
  Subject subject;
  HF_CHECK(each_object(json, "claims", [&](const JsonObject& item) -> Result<void> {
    auto claim = claim_of(item);
    if (!claim) return refuse(claim.error().message);
    if (claim->purl && is_distribution(claim->purl->type)) subject.distribution = claim->purl->type;
    subject.claims.push_back(*std::move(claim));
    return {};
  }));
  HF_CHECK(each_object(json, "patched", [&](const JsonObject& item) -> Result<void> {
    subject.patched.push_back({text_at(item, "vulnerability"), text_at(item, "source"), text_at(item, "patch")});
    if (subject.patched.back().vulnerability.empty()) return refuse("a patch claim without a vulnerability");
    return {};
  }));
  return subject;
}

std::string coordinate_digest(const Subject& subject) {
  const auto text = canonical_json(Json(claims_json(subject)));
  // canonical_json refuses numbers that are no integers, and there are no numbers here.
  return to_hex(crypto::sha256({bytes_of(text ? *text : std::string())}));
}

}  // namespace hf::vuln
